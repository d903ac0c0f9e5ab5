"""How a unit is compiled: the command, the C compiler and the environment."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
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
    quote,
    zig_compiler,
)
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.platforms import host, host_libc
from hatch_multiarch.platforms.table import go_macos
from hatch_multiarch.toolchain import (
    chosen_sdk,
    compiler_version,
    exports,
    find_gcc,
    find_zig,
    gcc_version,
    install_zig,
    own_library,
    sdk_mark,
    zig_env,
    zig_library,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping
    from pathlib import Path

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
        work: Path,
        doing: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Write what compilers need into *work*, a folder of this build.

        *doing* is told what takes a while, and an empty text after it.
        """
        self._toolchain = toolchain
        self._go = go
        self._work = work
        self._doing = doing
        self._words = placeholders(name, version)

    @cached_property
    def zig(self) -> Zig:
        """The zig that compiles C. Raises ToolchainError."""
        return find_zig(self._toolchain.zig)

    @cached_property
    def _zig_env(self) -> dict[str, str]:
        return zig_env(self.zig, zig_library(self.zig, os.environ, self._doing))

    @cached_property
    def _sdk(self) -> Path | None:
        return chosen_sdk(os.environ)

    @cached_property
    def _zig_for_macos(self) -> Path:
        """The folder of a zig that finds the libraries of macOS."""
        folder = self._work / "zig-for-macos"
        install_zig(self.zig.path, self._go.goroot, folder, self._sdk)
        return folder

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

    def exports(self, unit: Unit) -> Mapping[str, Container[str]] | None:
        """Return library -> symbols that *unit* may import, or None where others see to that.

        That is the case unless zig has linked it for macOS without an SDK. Raises ToolchainError.
        """
        if unit.compiler != "zig" or unit.platform.os != "darwin" or self._sdk is not None:
            return None
        library = own_library(self.zig)
        if library is None:
            return None
        try:
            return exports(self._go.goroot, library, unit.platform.wheel_arch)
        except OSError as error:
            raise ToolchainError(f"the library of {self.zig} cannot be read: {error}") from None

    def _compiler(self, unit: Unit, where: str) -> Compiler:
        if unit.compiler == "none":
            return Compiler("none")
        if unit.compiler == "zig" and unit.platform.os == "darwin":
            return self._macos(unit, where)
        if unit.compiler == "zig":
            made = zig_compiler(unit, self.zig.version, where)
            folder, told = self.zig.path.parent, self._zig_env
            return replace(made, name=str(self.zig), folder=folder, env=told)
        if unit.compiler == "gcc":
            return _gcc(unit, where)
        return _custom(unit, where)

    def _macos(self, unit: Unit, where: str) -> Compiler:
        asked = tuple(int(part) for part in unit.helper.macos.split(".") if part)
        major, minor = max(go_macos(str(self._go.version)), asked)
        made = zig_compiler(unit, self.zig.version, where, f"{major}.{minor}")
        # What is in an SDK is no part of the keys of Go's cache, but the flags are.
        flags = (
            *made.flags,
            *([f"-D__HATCH_MULTIARCH_SDK_{sdk_mark(self._sdk)}"] if self._sdk else ()),
        )
        return replace(
            made, name=str(self.zig), flags=flags, folder=self._zig_for_macos, env=self._zig_env
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
