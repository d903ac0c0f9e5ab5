"""Reads ``platforms.toml``; finds a platform by name or glob; the oldest macOS of Go's releases."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

Version = tuple[int, int]

GO_MACOS: dict[Version, Version] = {
    (1, 21): (10, 15),
    (1, 22): (10, 15),
    (1, 23): (11, 0),
    (1, 24): (11, 0),
    (1, 25): (12, 0),
    (1, 26): (12, 0),
    (1, 27): (13, 0),
}
"""The oldest macOS that each Go release runs on, from its release notes (Go before 1.21 is refused
by the default ``toolchain.go``)."""

BIG_SUR = (11, 0)
"""The first macOS for arm64."""


PAGE_BITS = {"amd64": 12, "arm64": 14}
"""Where a part of a universal file begins, by its processor: at a multiple of two to this power."""


if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class ZigTarget:
    """How zig compiles C for a platform; a None target means it cannot."""

    glibc: str | None = None
    """``-target`` without the floor, such as ``aarch64-linux-gnu``."""
    floor: tuple[int, int] | None = None
    """The oldest glibc that zig can build this target for."""
    musl: str | None = None
    """``-target`` for a static binary, such as ``aarch64-linux-musl``."""
    other: str | None = None
    """``-target`` on systems without a choice of libc (Windows)."""
    flags: tuple[str, ...] = ()
    """More flags, such as ``-mcpu=arm1176jzf_s``."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """One row of the table."""

    name: str
    """The OCI platform, normalised: ``linux/arm/v7``."""
    os: str
    architecture: str
    variant: str | None
    goarch: str
    go_env: dict[str, str] = field(default_factory=dict)
    """Go's own level variable, such as ``{"GOARM": "7"}``; empty where there is none."""
    debian: str | None = None
    """Debian's name of the architecture, ``armhf``."""
    triple: str | None = None
    """Prefix of the machine's cross-gcc, ``arm-linux-gnueabihf``."""
    packages: tuple[str, ...] = ()
    """Debian packages of that cross-gcc and its libc."""
    loader: str | None = None
    """Where every glibc system has its program loader, ``/lib/ld-linux-armhf.so.3``."""
    zig: ZigTarget
    wheel_arch: str
    """How wheel tags name the architecture: ``armv7l``, ``x86_64``, ``amd64`` (Windows)."""
    manylinux: tuple[int, int] | None = None
    """Lowest manylinux that an index and the installers accept, ``(2, 17)``; None: no such tag."""
    musllinux: tuple[int, int] | None = None
    """The same for musllinux, ``(1, 1)``."""
    plain_tag: str | None = None
    """The one tag of a platform without policies: ``linux_armv6l``, ``win_amd64``."""
    index_accepts: bool = True
    """A package index takes wheels of this platform."""
    parts: tuple[str, ...] = ()
    """Names of the platforms whose programs are joined into one for this; else empty."""

    @property
    def taggable(self) -> bool:
        """Tell whether a wheel for it has a tag that any installer accepts."""
        return bool(self.manylinux or self.plain_tag or self.os == "darwin")


@cache
def all_platforms() -> tuple[Platform, ...]:
    """Return every row, in the order of the file."""
    text = Path(__file__).with_name("platforms.toml").read_text(encoding="utf-8")
    return tuple(_row(name, columns) for name, columns in tomllib.loads(text).items())


def _row(name: str, columns: dict[str, Any]) -> Platform:
    os, architecture, *variant = name.split("/")
    return Platform(
        name=name,
        os=os,
        architecture=architecture,
        variant=variant[0] if variant else None,
        goarch=architecture,
        zig=ZigTarget(**_fields(columns.pop("zig", {}))),
        **_fields(columns),
    )


def _fields(columns: dict[str, Any]) -> dict[str, Any]:
    """Return columns as keyword arguments, so that one with a wrong name is a TypeError."""
    return {name.replace("-", "_"): _value(name, value) for name, value in columns.items()}


def _value(column: str, value: Any) -> Any:
    if column in {"floor", "manylinux", "musllinux"}:
        major, minor = value.split(".")
        return int(major), int(minor)
    return tuple(value) if isinstance(value, list) else value


def normalise(name: str) -> str:
    """Return *name* as containerd normalises it: ``linux/aarch64`` -> ``linux/arm64``.

    The rules are those of containerd's ``platforms`` package (``normalizeOS``,
    ``normalizeArch``), which lets ``armhf`` and ``armel`` win over a variant behind them; the
    names that ``uname`` uses are known too. A bare architecture comes back unchanged: which
    system was meant is not guessed.
    """
    os, *rest = name.strip().lower().split("/")
    if not rest:
        return name
    os = {"macos": "darwin"}.get(os, os)
    architecture, *variants = rest
    architecture, own = _ARCHITECTURES.get(architecture, (architecture, ""))
    variant = own or (variants[0] if variants else "")
    if architecture == "arm":
        variant = {"": "v7", "5": "v5", "6": "v6", "7": "v7", "8": "v8"}.get(variant, variant)
    if (architecture, variant) in (("arm64", "v8"), ("arm64", "8"), ("amd64", "v1")):
        variant = ""
    return "/".join(part for part in (os, architecture, variant, *variants[1:]) if part)


_ARCHITECTURES = {
    "aarch64": ("arm64", ""),
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "x86": ("386", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "loongarch64": ("loong64", ""),
}
"""Other names of an architecture, and the variant that the name alone means."""


def lookup(name: str) -> Platform | None:
    """Return the row of *name* (normalised first), or None."""
    wanted = normalise(name)
    return next((row for row in all_platforms() if row.name == wanted), None)


def match(name: str, globs: tuple[str, ...]) -> bool:
    """Tell whether the normalised platform *name* matches one of *globs* (``linux/*``, ``*``)."""
    return any(
        fnmatchcase(name, glob) if set(glob) & set("*?[") else name == normalise(glob)
        for glob in globs
    )


def go_macos(version: str) -> Version:
    """Return the oldest macOS on which programs of Go *version* (``go1.26.1``) run.

    A release that is younger than the table needs no less than the last one in it.
    """
    found = re.search(r"(\d+)\.(\d+)", version)
    release = (int(found[1]), int(found[2])) if found else (0, 0)
    return max((need for go, need in GO_MACOS.items() if go <= release), default=(0, 0))
