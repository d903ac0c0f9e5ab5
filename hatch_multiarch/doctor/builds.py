"""For each platform of a project: which engine would build it, and whether it can run here."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

from hatch_multiarch.doctor.finding import BUILDS, Finding
from hatch_multiarch.doctor.machine import gcc_fix
from hatch_multiarch.errors import MultiarchError, ToolchainError
from hatch_multiarch.toolchain import find_gcc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_multiarch.plan import Plan, Unit

_BY = {"none": "go", "prebuilt": "the existing binary", "dockerfile": "your Dockerfile"}
"""How a unit is made, where the compiler's name does not say it."""


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
