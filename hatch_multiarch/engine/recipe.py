"""How a unit is compiled: the command, the C compiler and the environment."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from hatch_multiarch.engine.environment import target
from hatch_multiarch.engine.flags import (
    Compiler,
    build_flags,
    gnu_link,
    is_static,
    placeholders,
    zig_compiler,
)
from hatch_multiarch.engine.quoting import quote
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.platforms import host, host_libc
from hatch_multiarch.toolchain import (
    compiler_version,
    find_gcc,
    find_zig,
    gcc_version,
    zig_env,
    zig_library,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hatch_multiarch.config import Toolchain
    from hatch_multiarch.plan import Unit
    from hatch_multiarch.toolchain import Go, Zig


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

    def environment(self, rest: Mapping[str, str]) -> dict[str, str]:
        """Return *rest*, the environment that this is set in, with all that the recipe sets."""
        env = {**rest, **self.env, **self.compiler.env}
        if self.compiler.folder is not None:
            env["PATH"] = os.pathsep.join((str(self.compiler.folder), env.get("PATH", "")))
        return env


class Recipes:
    """Write recipes; zig is looked for once, and only when a unit needs it."""

    def __init__(
        self,
        toolchain: Toolchain,
        go: Go,
        name: str,
        version: str,
        doing: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Tell *doing* what takes a while, and an empty text after it."""
        self._toolchain = toolchain
        self._go = go
        self._doing = doing
        self._words = placeholders(name, version)

    @cached_property
    def zig(self) -> Zig:
        """The zig that compiles C. Raises ToolchainError."""
        return find_zig(self._toolchain.zig)

    @cached_property
    def _zig_env(self) -> dict[str, str]:
        return zig_env(self.zig, zig_library(self.zig, os.environ, self._doing))

    def recipe(self, unit: Unit) -> Recipe:
        """Return how *unit* is compiled.

        Raises ToolchainError when its C compiler is missing or cannot build for its platform.
        """
        where = f"tool.multiarch.helpers.{unit.helper.name}"
        compiler = self._compiler(unit, f"{where}.compiler")
        flags = build_flags(unit, compiler, self._words)
        env = target(unit, compiler)
        told = [str(self._go), compiler.name, flags, unit.helper.package, sorted(env.items())]
        key = hashlib.sha256(json.dumps(told).encode()).hexdigest()
        return Recipe(unit, compiler, flags, env, key)

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
            return replace(
                zig_compiler(unit, self.zig.version, where),
                name=str(self.zig),
                folder=self.zig.path.parent,
                env=self._zig_env,
            )
        if unit.compiler == "gcc":
            return _gcc(unit, where)
        return _custom(unit, where)


_OURS = ("zig", "gcc")


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
    return _plain(gcc_version(cc), (cc,), static=is_static(unit))


def _custom(unit: Unit, where: str) -> Compiler:
    words = shlex.split(unit.compiler)
    if shutil.which(words[0]) is None:
        raise ToolchainError(
            f"{where}: there is no program {words[0]!r} on PATH",
            advice="install it, or name it by its absolute path",
        )
    version = compiler_version(words)
    name = f"{unit.compiler} ({version})" if version else unit.compiler
    return _plain(name, words, static=is_static(unit))


def _plain(name: str, words: tuple[str, ...] | list[str], *, static: bool) -> Compiler:
    """Return a compiler that takes gcc's flags; its C++ one stands beside it, as gcc's does."""
    plus = re.sub(r"(gcc|clang|cc)((?:-[\d.]+)?(?:\.exe)?)$", _cxx, words[0])
    return Compiler(
        name=name,
        cc=quote(words),
        cxx=quote((plus if shutil.which(plus) else words[0], *words[1:])),
        link=gnu_link(static=static),
    )


def _cxx(found: re.Match[str]) -> str:
    return {"gcc": "g++", "clang": "clang++", "cc": "c++"}[found.group(1)] + found.group(2)
