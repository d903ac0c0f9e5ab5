"""BinaryInfo: what a binary needs, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class GoBuild:
    """What ``go version -m`` shows: the build info Go writes into every binary."""

    version: str
    """Such as ``go1.27.3``."""
    path: str
    """Import path of the main package."""
    settings: dict[str, str] = field(default_factory=dict)
    """``GOARCH``, ``GOARM``, ``CGO_ENABLED``, ..."""
    modules: tuple[tuple[str, str, str], ...] = ()
    """(path, version, h1 sum) of each dependency; a replaced module as its replacement."""
    main: tuple[str, str, str] = ("", "", "")
    """The module of the main package, as those; its version is ``(devel)`` in a source tree."""
    replaced: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Path of a replacement among ``modules`` -> (path, version) of what it stands in for."""


@dataclass(frozen=True)
class BinaryInfo:
    """The facts of one program or library that decide where it runs."""

    format: Literal["elf", "macho", "pe"]
    os: str
    architecture: str
    """As OCI names it; ``arm`` without its variant."""
    variant: str | None
    """``v5``, ``v6``, ``v7`` for arm, read from the build attributes or the Go build info."""
    libc: Literal["static", "glibc", "musl", "none"]
    """``none`` outside Linux."""
    interpreter: str | None
    needed: tuple[str, ...] = ()
    """DT_NEEDED, imported DLLs or dylibs."""
    glibc: tuple[int, int] | None = None
    """The highest GLIBC version needed, weak needs too."""
    glibc_symbol: str | None = None
    """One symbol that needs it."""
    glibc_odd: tuple[str, ...] = ()
    """Needs of glibc that no number stands for: ``GLIBC_PRIVATE``, a feature not known here."""
    imports: dict[str, list[str]] = field(default_factory=dict)
    """Mach-O: library -> the symbols taken from it; empty name: from none that it loads."""
    signed: bool = False
    """Mach-O: it has a code signature, whose hashes are right."""
    kind: Literal["program", "library"] = "program"
    name: str = ""
    """Of a library: the one that those who link against it note, SONAME or install name."""
    exports: tuple[str, ...] = ()
    """Of a library: the symbols that it exports, sorted."""
    unsafe: str = ""
    """ELF: what a loader may refuse: ``an executable stack``, ``text relocations``."""
    macos: tuple[int, int] | None = None
    """Least macOS (LC_BUILD_VERSION minos)."""
    go: GoBuild | None = None
    parts: tuple[BinaryInfo, ...] = ()
    """Of a universal Mach-O file: what each of its programs is; the rest says what all need."""
