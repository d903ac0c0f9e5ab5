"""The C compiler of a unit, and the flags of ``go build``.

The same for both engines, so that with the same compilers they give the same bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hatch_multiarch.plan import Unit

_DECIDED = (
    *("-trimpath", "-buildvcs=false", "-compiler=gc", "-pgo=auto"),
    *("-gcflags=all=", "-asmflags=all=", "-toolexec=", "-overlay=", "-installsuffix="),
    *("-race=false", "-msan=false", "-asan=false", "-linkshared=false", "-a=false"),
    "-cover=false",
)
"""What goes into a binary is decided here, so that GOFLAGS cannot: it is for fetching modules."""


_OBJECTS = 2
"""Counted up when the same flags of zig give other objects than before, by its environment: Go's
cache would hold those of before."""


@dataclass(frozen=True)
class Compiler:
    """The C compiler of a unit, as Go is told of it."""

    name: str
    """For people: ``zig 0.17.1``, ``aarch64-linux-gnu-gcc 12.2.0``, ``none``."""
    cc: str = ""
    cxx: str = ""
    flags: tuple[str, ...] = ()
    """For the C and C++ files."""
    link: tuple[str, ...] = ("-s", "-w")
    """For Go's linker."""
    ldflags: tuple[str, ...] = ()
    """For every link that the C compiler does, also cgo's own, which find out about symbols."""
    folder: Path | None = None
    """Goes onto PATH in front."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables for it. They decide no byte, and so are no part of a recipe's key."""


def placeholders(name: str, version: str) -> dict[str, str]:
    """Return what stands for what in a helper's linker flags."""
    return {"{name}": name, "{version}": version}


def build_flags(unit: Unit, compiler: Compiler, words: Mapping[str, str]) -> tuple[str, ...]:
    """Return the flags of ``go build`` that decide what *unit* becomes.

    ``words`` fill the placeholders of linker flags. Raises ToolchainError for a flag that Go cannot
    be given.
    """
    filled = list(unit.helper.ldflags)
    for placeholder, value in words.items():
        filled = [word.replace(placeholder, value) for word in filled]
    mode, link = "default", compiler.link
    if unit.helper.library:
        mode, link = "c-shared", _named(unit, compiler)
    try:
        ldflags = quote((*filled, *link))
    except ValueError as error:
        where = f"tool.multiarch.helpers.{unit.helper.name}.ldflags"
        raise ToolchainError(f"{where}: {error}") from None
    return (f"-buildmode={mode}", *_DECIDED, build_tags(unit, compiler), f"-ldflags={ldflags}")


EXTLDFLAGS = "-extldflags="


def _named(unit: Unit, compiler: Compiler) -> tuple[str, ...]:
    """Return the flags of Go's linker for a library: with a name in it, which Go gives to none.

    A program that is linked against the library notes that name, and looks for it at run time.
    """
    names = {
        "linux": f"-Wl,-soname,{unit.output.name}",
        "darwin": f"-Wl,-install_name,@rpath/{unit.output.name}",
    }
    outer = [each.removeprefix(EXTLDFLAGS) for each in compiler.link if EXTLDFLAGS in each]
    rest = [each for each in compiler.link if EXTLDFLAGS not in each]
    outer += filter(None, [names.get(unit.platform.os)])
    return (*rest, *([EXTLDFLAGS + " ".join(outer)] if outer else []))


def build_tags(unit: Unit, compiler: Compiler) -> str:
    """Return the flag that chooses among the Go files of *unit*."""
    tags = list(unit.helper.tags)
    if compiler.cc and (unit.platform.os, unit.libc.kind) == ("linux", "static"):
        # A static C library cannot load the name services that Go would ask it for.
        tags += ["netgo", "osusergo"]
    return f"-tags={','.join(dict.fromkeys(tags))}"


def zig_compiler(unit: Unit, version: object, where: str, macos: str = "") -> Compiler:
    """Return zig of *version* as the C compiler of *unit*, by its bare name.

    ``where`` is the key to name; *macos* the oldest macOS that a program for it is to run on, such
    as ``12.0``. Raises ToolchainError when zig has no such target.
    """
    goal = unit.platform.zig
    triple = goal.other or (goal.glibc if unit.libc.kind == "glibc" else goal.musl)
    if triple is None:
        raise ToolchainError(
            f'{where}: zig cannot compile C for {unit.platform.name} with libc = "{unit.libc}"',
            advice='set another libc, compiler = "gcc", or exclude the platform with `platforms`',
        )
    if triple == goal.glibc and unit.libc.floor is not None:
        triple += f".{unit.libc.floor[0]}.{unit.libc.floor[1]}"
    if macos:
        triple += f".{macos}"
    words = ("-target", triple, *goal.flags)
    # zig builds its runtime anew for stripped programs, and musl for position-independent code: cgo
    # links unstripped and with -fPIC to find symbols, Go's linker stripped and without. With these
    # flags, both links take the same one. cgo looks up dynamic symbols, which are not stripped.
    ldflags = {"linux": ("-Wl,-s", "-fPIC"), "windows": ("-Wl,-s",), "darwin": ("-Wl,-S",)}
    # A bare `zig`, since Go's cache key holds the words of CC; its version, which Go cannot ask
    # for, gets into the key as a macro that nobody reads.
    mark = f"-D__HATCH_MULTIARCH_ZIG_{re.sub(r'[^0-9A-Za-z]', '_', str(version))}_{_OBJECTS}"
    return Compiler(
        name=f"zig {version}",
        cc=quote(("zig", "cc", *words)),
        cxx=quote(("zig", "c++", *words)),
        # Without optimisation (-O0), zig has UBSan check C, and its own link lacks what that calls.
        # For Windows, it writes the name of a temporary file into each object, unless it strips.
        flags=(mark, "-fno-sanitize=undefined", *(["-s"] if unit.platform.os == "windows" else [])),
        # zig heeds no bare -s, which is all Go hands on, and would leave its own paths in; it does
        # for macOS.
        link=gnu_link(static=False)
        if unit.platform.os == "darwin"
        else ("-w", "-linkmode=external", "-extldflags=-Wl,-s"),
        ldflags=ldflags[unit.platform.os],
    )


def gnu_link(*, static: bool) -> tuple[str, ...]:
    """Return the flags of Go's linker when a C compiler that takes gcc's flags links."""
    link = ("-s", "-w", "-linkmode=external")
    return (*link, "-extldflags=-static") if static else link


def is_static(unit: Unit) -> bool:
    """Tell whether the C library goes into the binary of *unit*: musl always does."""
    return unit.platform.os == "linux" and unit.libc.kind != "glibc"


def quote(words: Iterable[str]) -> str:
    """Join *words* so that Go splits them into the same (cmd/internal/quoted: no escapes).

    Raises ValueError for a word with both kinds of quotes, which Go cannot be given.
    """
    return " ".join(_quote(word) for word in words)


def _quote(word: str) -> str:
    if word and not any(char in word for char in " \t\r\n'\""):
        return word
    if "'" not in word:
        return f"'{word}'"
    if '"' not in word:
        return f'"{word}"'
    raise ValueError(f"Go takes single or double quotes in a word, not both: {word!r}")
