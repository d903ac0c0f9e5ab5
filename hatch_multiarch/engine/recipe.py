"""How a unit is compiled: the command, the C compiler and the environment, before anything runs."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hatch_multiarch.engine.environment import target
from hatch_multiarch.engine.words import quote
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.platforms import host, host_libc
from hatch_multiarch.toolchain import compiler_version, find_gcc, find_zig, gcc_version

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.config import Toolchain
    from hatch_multiarch.plan import Unit
    from hatch_multiarch.toolchain import Go, Zig

_DECIDED = (
    *("-trimpath", "-buildvcs=false", "-buildmode=default", "-compiler=gc", "-pgo=auto"),
    *("-gcflags=all=", "-asmflags=all=", "-toolexec=", "-overlay=", "-installsuffix="),
    *("-race=false", "-msan=false", "-asan=false", "-linkshared=false", "-a=false"),
    "-cover=false",
)
"""What goes into a binary is decided here, so that GOFLAGS cannot: it is for fetching modules."""


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
    folder: Path | None = None
    """Goes onto PATH in front."""


@dataclass(frozen=True)
class Recipe:
    """All that decides a unit's bytes but its sources."""

    unit: Unit
    compiler: Compiler
    flags: tuple[str, ...]
    env: dict[str, str]
    key: str
    """Changes when the Go, the C compiler or any flag does.

    Go's own up-to-date check does not see the linker behind the C compiler (cmd/go,
    printLinkerConfig), so a binary is only offered to it as up to date when this is the same.
    """


class Recipes:
    """Write recipes; zig is looked for once, and only when a unit needs it."""

    def __init__(self, toolchain: Toolchain, go: Go, name: str, version: str) -> None:
        self._toolchain = toolchain
        self._go = go
        self._words = {"{name}": name, "{version}": version}

    @cached_property
    def zig(self) -> Zig:
        """The zig that compiles C. Raises ToolchainError."""
        return find_zig(self._toolchain.zig)

    def recipe(self, unit: Unit) -> Recipe:
        """Return how *unit* is compiled.

        Raises ToolchainError when its C compiler is missing or cannot build for its platform.
        """
        where = f"tool.multiarch.helpers.{unit.helper.name}"
        compiler = self._compiler(unit, f"{where}.compiler")
        tags = list(unit.helper.tags)
        if compiler.cc and unit.libc.kind == "static":
            # A static C library cannot load the name services that Go would ask it for.
            tags += ["netgo", "osusergo"]
        words = [self._fill(word) for word in unit.helper.ldflags]
        try:
            ldflags = quote((*words, *compiler.link))
        except ValueError as error:
            raise ToolchainError(f"{where}.ldflags: {error}") from None
        flags = (*_DECIDED, f"-tags={','.join(dict.fromkeys(tags))}", f"-ldflags={ldflags}")
        env = target(unit, compiler)
        told = [str(self._go), compiler.name, flags, unit.helper.package, sorted(env.items())]
        key = hashlib.sha256(json.dumps(told).encode()).hexdigest()
        return Recipe(unit, compiler, flags, env, key)

    def _fill(self, word: str) -> str:
        for placeholder, value in self._words.items():
            word = word.replace(placeholder, value)
        return word

    def _compiler(self, unit: Unit, where: str) -> Compiler:
        if unit.compiler == "none":
            return Compiler("none")
        if unit.platform.os == "darwin" and sys.platform != "darwin" and unit.compiler in _OURS:
            raise ToolchainError(
                f"{where}: cgo for {unit.platform.name} needs Apple's SDK, which {unit.compiler} "
                "does not have on this machine",
                advice='build it on a Mac, limit the helper by platforms = ["linux/*"], or give '
                "prebuilt binaries or a compiler command of your own",
            )
        if unit.compiler == "zig":
            return _zig(unit, self.zig, where)
        if unit.compiler == "gcc":
            return _gcc(unit, where)
        return _custom(unit, where)


_OURS = ("zig", "gcc")


def _zig(unit: Unit, zig: Zig, where: str) -> Compiler:
    goal = unit.platform.zig
    triple = goal.other or (goal.glibc if unit.libc.kind == "glibc" else goal.musl)
    if triple is None:
        raise ToolchainError(
            f'{where}: zig cannot compile C for {unit.platform.name} with libc = "{unit.libc}"',
            advice='set another libc, compiler = "gcc", or leave the platform out by `platforms`',
        )
    if triple == goal.glibc and unit.libc.floor is not None:
        triple += f".{unit.libc.floor[0]}.{unit.libc.floor[1]}"
    words = ("-target", triple, *goal.flags)
    # A bare `zig`, since Go's cache key holds the words of CC; its version, which Go cannot ask
    # for, gets into the key as a macro that nobody reads.
    mark = "-D__HATCH_MULTIARCH_ZIG_" + re.sub(r"\W", "_", str(zig.version))
    return Compiler(
        name=str(zig),
        cc=quote(("zig", "cc", *words)),
        cxx=quote(("zig", "c++", *words)),
        flags=(mark,),
        # zig heeds no bare -s, which is all Go hands on, and would leave its own paths in.
        link=("-w", "-linkmode=external", "-extldflags=-Wl,-s"),
        folder=zig.path.parent,
    )


def _gcc(unit: Unit, where: str) -> Compiler:
    own = unit.platform == host() and host_libc() == "musl"
    if unit.libc.kind == "musl" and not own:
        raise ToolchainError(
            f'{where}: the gcc for {unit.platform.name} links against glibc, and libc = "musl"',
            advice='set compiler = "zig", or libc = "static" to link glibc statically',
        )
    try:
        cc = find_gcc(unit.platform)
    except ToolchainError as error:
        raise ToolchainError(f"{where}: {error.message}", advice=error.advice) from None
    return _plain(gcc_version(cc), (cc,), static=_static(unit))


def _custom(unit: Unit, where: str) -> Compiler:
    words = shlex.split(unit.compiler)
    if shutil.which(words[0]) is None:
        raise ToolchainError(
            f"{where}: there is no program {words[0]!r} on PATH",
            advice="install it, or name it by its absolute path",
        )
    version = compiler_version(words)
    name = f"{unit.compiler} ({version})" if version else unit.compiler
    return _plain(name, words, static=_static(unit))


def _plain(name: str, words: tuple[str, ...] | list[str], *, static: bool) -> Compiler:
    """Return a compiler that takes gcc's flags; its C++ one stands beside it, as gcc's does."""
    plus = re.sub(r"(gcc|clang|cc)((?:-[\d.]+)?(?:\.exe)?)$", _cxx, words[0])
    link = ("-s", "-w", "-linkmode=external")
    return Compiler(
        name=name,
        cc=quote(words),
        cxx=quote((plus if shutil.which(plus) else words[0], *words[1:])),
        link=(*link, "-extldflags=-static") if static else link,
    )


def _cxx(found: re.Match[str]) -> str:
    return {"gcc": "g++", "clang": "clang++", "cc": "c++"}[found.group(1)] + found.group(2)


def _static(unit: Unit) -> bool:
    return unit.platform.os == "linux" and unit.libc.kind != "glibc"
