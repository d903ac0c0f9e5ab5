"""For each platform: which engine would build it for the project, and whether it can run here.

It runs on this kernel, or in docker.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from typing import TYPE_CHECKING

from hatch_multiarch.doctor import install
from hatch_multiarch.doctor.finding import BUILDS, PLATFORMS, Finding
from hatch_multiarch.doctor.machine import gcc_fix
from hatch_multiarch.errors import MultiarchError, ToolchainError
from hatch_multiarch.platforms import binfmt
from hatch_multiarch.toolchain import find_gcc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_multiarch.doctor.docker_check import Docker
    from hatch_multiarch.plan import Plan, Unit
    from hatch_multiarch.platforms import Platform

_BY = {"none": "go", "prebuilt": "the existing binary", "dockerfile": "your Dockerfile"}
"""How a unit is made, where the compiler's name does not say it."""

_QEMU = {"386": "i386", "amd64": "x86_64", "arm64": "aarch64", "loong64": "loongarch64"}
"""QEMU's names of architectures, where they are not Go's."""


def builds(plan: Plan, runs: Mapping[str, Finding]) -> Iterator[Finding]:
    """Yield a finding for each platform of *plan*; *runs* are those of what runs here, by name."""
    places = {each.platform: each for each in plan.docker.places} if plan.docker else {}
    for name in dict.fromkeys(unit.platform.name for unit in plan.units):
        mine = [unit for unit in plan.units if unit.platform.name == name]
        if lack := _first_lack(plan, mine):
            unit, error = lack
            says = f"{unit.helper.name}: {error.message.rpartition(': ')[2]}"
            fix = gcc_fix(unit.platform) if unit.compiler == "gcc" else ""
            yield Finding(BUILDS, name, False, says, fix)  # noqa: FBT003
            continue
        says = ", ".join(f"{unit.helper.name} by {_by(unit)}" for unit in mine)
        if place := places.get(name):
            says += f", on node {place.node}{', emulated by QEMU' if place.emulated else ''}"
        can = runs.get(name)
        if can is None:
            says += f"; runs on {name.partition('/')[0]} only"
        else:
            says += "; runs here" if can.works else "; cannot be run here"
        yield Finding(BUILDS, name, works=True, says=says)


def _by(unit: Unit) -> str:
    compiler = unit.compiler
    named = _BY.get(compiler, compiler)
    return named if compiler in (*_BY, "zig", "gcc") else shlex.split(compiler)[0]


def hindrance(plan: Plan) -> MultiarchError | None:
    """Return why this machine cannot compile all that it is to by *plan*; None when it can."""
    lack = _first_lack(plan, plan.engine_units)
    return lack[1] if lack else None


def _first_lack(plan: Plan, units: Sequence[Unit]) -> tuple[Unit, MultiarchError] | None:
    """Return the first of *units* that lacks its compiler, and how that is said.

    Go and zig are brought by the build itself, and all others by the builder stage.
    """
    for unit in units if plan.engine == "host" else ():
        if error := _lack(unit):
            return unit, error
    return None


def _lack(unit: Unit) -> MultiarchError | None:
    try:
        if unit.compiler == "gcc":
            find_gcc(unit.platform)
        elif unit.compiler not in ("zig", *_BY):
            _find_command(unit)
    except MultiarchError as error:
        return error
    return None


def _find_command(unit: Unit) -> None:
    program = shlex.split(unit.compiler)[0]
    if not shutil.which(program):
        raise ToolchainError(
            f"tool.multiarch.helpers.{unit.helper.name}.compiler: there is no {program} on PATH",
            advice='install it, or set compiler = "auto" to compile with zig',
        )


def running(platforms: Sequence[Platform], docker: Docker) -> Iterator[Finding]:
    """Yield which of *platforms* run."""
    if sys.platform.startswith("linux"):
        state = binfmt.state()
        yield from (on_platform(state[each.name]) for each in platforms if each.name in state)
    elif docker.builder:
        nodes = docker.builder.nodes
        for each in platforms:
            by = [node.name for node in nodes if each.name in node.platforms]
            says = f"in docker, on the node {by[0]}" if by else "docker lists no emulator"
            fix = "" if by else install.emulators(each.name)
            yield Finding(PLATFORMS, each.name, bool(by), says, fix)


def on_platform(emulator: binfmt.Emulator) -> Finding:
    """Return how programs of a platform run under this machine's kernel."""
    what = emulator.platform
    if emulator.native:
        return Finding(PLATFORMS, what, works=True, says="this processor")
    if emulator.registered:
        by = emulator.interpreter or "an emulator outside of this container"
        if emulator.fixed:
            return Finding(PLATFORMS, what, works=True, says=by)
        says = f"{by}, but not in containers: its binfmt_misc entry has no flag F"
        return Finding(PLATFORMS, what, works=False, says=says, fix=install.emulators(what))
    if emulator.disabled:
        says = f"its emulator {emulator.disabled} is switched off"
        fix = f"echo 1 | sudo tee {binfmt.BINFMT / emulator.disabled}"
        return Finding(PLATFORMS, what, works=False, says=says, fix=fix)
    says = "no emulator is registered"
    if program := _unregistered(what):
        says += f" with the kernel, though {program} is on PATH"
    return Finding(PLATFORMS, what, works=False, says=says, fix=install.emulators(what))


def _unregistered(platform: str) -> str:
    """Return the qemu-user on PATH that would run *platform*; empty without one."""
    architecture = platform.split("/")[1]
    name = f"qemu-{_QEMU.get(architecture, architecture)}"
    return next((each for each in (f"{name}-static", name) if shutil.which(each)), "")
