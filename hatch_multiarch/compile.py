"""Compiles and audits the units of a plan, and derives the wheel tags."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.tags import platform_tags

from hatch_multiarch import audit, files
from hatch_multiarch.engine import HostEngine
from hatch_multiarch.engine.cgo_check import CgoCheck
from hatch_multiarch.engine.lipo import join
from hatch_multiarch.errors import AuditError, CompileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.engine import Binary, Engine, Progress
    from hatch_multiarch.plan import Plan, Unit, WheelPlan


@dataclass(frozen=True)
class Compiled:
    """Every unit of a plan, built and audited; keyed by the unit's id, in the plan's order."""

    engine: Engine
    binaries: dict[str, Binary]
    facts: dict[str, audit.BinaryInfo]
    warnings: tuple[str, ...] = ()
    """What was built but likely does not work."""

    def wheel_tag(self, wheel: WheelPlan) -> str:
        """Return the tag of *wheel*, read from the binaries in it: ``py3-none-...``.

        A wheel without helpers is only ever made for the Python in hand (its platform has none),
        and says so. Raises AuditError when no tag fits all of the binaries.
        """
        if not wheel.units:
            return f"py3-none-{next(platform_tags())}"
        return audit.wheel_tag(wheel.platform, [self.facts[unit.id] for unit in wheel.units])


def compile_plan(
    plan: Plan,
    progress: Progress,
    epoch: int,
    cache: BuildCache,
    built: Callable[[Binary], None] = lambda _: None,
) -> Compiled:
    """Build and audit every unit of *plan*, and make sure that every wheel of it has a tag.

    *epoch*, in seconds, is what compilers in the builder stage take for the time. *cache* has what
    earlier audits read. *built* is called with each binary as soon as it is there, by several
    threads. Raises CompileError, ToolchainError, EngineError or AuditError; nothing has been
    written to ``dist`` then.
    """
    engine: Engine
    if plan.engine == "buildkit":
        from hatch_multiarch.engine.buildkit_engine import BuildkitEngine  # noqa: PLC0415 - few need it

        engine = BuildkitEngine(plan, os.environ, epoch)
    else:
        engine = HostEngine(plan.config.toolchain, plan.project.name, plan.project.version)
    read: dict[str, audit.BinaryInfo] = {}
    cgo = CgoCheck(plan, os.environ, cache)

    def done(binary: Binary) -> None:
        """Read a binary while others are compiled; one that cannot be read is reported later."""
        built(binary)
        with suppress(AuditError):
            read[binary.unit.id] = _read(binary, plan, cache)
        cgo.built(binary)

    binaries = {each.unit.id: each for each in engine.build(plan.engine_units, progress, done)}
    facts = {}
    for unit in (*plan.engine_units, *(each for each in plan.units if each.parts)):
        if unit.parts:  # they have passed
            binaries[unit.id] = _join(unit, plan, binaries)
            done(binaries[unit.id])
        found = read.get(unit.id) or _read(binaries[unit.id], plan, cache)
        audit.check(
            found,
            file=_named(unit, plan),
            platform=unit.platform,
            libc=unit.libc,
            made=_MADE.get(unit.compiler, "cgo"),
            kind=unit.helper.kind,
        )
        if unit.helper.library:
            functions = binaries[unit.id].functions
            audit.check_exports(found, file=_named(unit, plan), functions=functions)
        known = None if unit.parts else engine.exports(unit)
        if known is not None:
            audit.check_imports(found, file=_named(unit, plan), exports=known)
        facts[unit.id] = found
    compiled = Compiled(engine, binaries, facts, tuple(cgo.warnings()))
    for wheel in plan.wheels:
        if wheel.units and plan.mode != "editable":
            compiled.wheel_tag(wheel)
    return compiled


def _join(unit: Unit, plan: Plan, binaries: Mapping[str, Binary]) -> Binary:
    """Return the universal binary of *unit*. Raises CompileError."""
    alone = not any(part.id == each.id for part in unit.parts for each in plan.units)
    try:
        return join(unit, [binaries[part.id] for part in unit.parts], alone=alone)
    except OSError as error:
        raise files.unwritable(error) or CompileError(f"{unit.id}: {error}") from None


_MADE: dict[str, audit.Made] = {"none": "go", "prebuilt": "prebuilt"}


def _named(unit: Unit, plan: Plan) -> str:
    """Return how messages name a unit's binary; one that was built elsewhere by its key."""
    if unit.compiler != "prebuilt":
        return unit.output.relative_to(plan.project.root).as_posix()
    file = unit.source.relative_to(plan.project.root).as_posix()
    if unit.member:
        file += f": {unit.member}"
    return f"tool.multiarch.helpers.{unit.helper.name}.prebuilt: {file}, for {unit.platform.name},"


def _read(binary: Binary, plan: Plan, cache: BuildCache) -> audit.BinaryInfo:
    """Return the facts of *binary*. Raises AuditError, which names it."""
    unit = binary.unit
    try:
        return audit.read_cached(binary.path, binary.sha256, cache, unit.platform.architecture)
    except AuditError as error:
        said = error.message.removeprefix(binary.path.name).lstrip()
        raise AuditError(f"{_named(unit, plan)} {said}", advice=error.advice) from None
