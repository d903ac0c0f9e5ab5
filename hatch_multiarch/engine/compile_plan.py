"""Compiles and audits the units of a plan, and derives the wheel tags."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.tags import platform_tags

from hatch_multiarch import audit, files
from hatch_multiarch.engine import HostEngine
from hatch_multiarch.engine.host_engine import Order, build_together
from hatch_multiarch.engine.lipo import join
from hatch_multiarch.engine.unit_sources import UnitSources
from hatch_multiarch.errors import AuditError, CompileError, in_package

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.engine import Binary, Engine, Progress
    from hatch_multiarch.plan import Plan, Unit, WheelPlan


@dataclass(frozen=True)
class Compiled:
    """Every unit of a plan, built and audited; keyed by the unit's id, in the plan's order."""

    engine: Engine
    binaries: dict[str, Binary]
    facts: dict[str, audit.BinaryInfo]
    sources: UnitSources

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
    earlier builds found out. *built* is called with each binary as soon as it is there, by several
    threads. Raises CompileError, ToolchainError, EngineError or AuditError; nothing has been
    written to ``dist`` then.
    """
    [compiled] = compile_plans([(plan, built)], progress, epoch, cache)
    return compiled


def compile_plans(
    wanted: Sequence[tuple[Plan, Callable[[Binary], None]]],
    progress: Progress,
    epoch: int,
    cache: BuildCache,
    shared: Mapping[str, Unit] | None = None,
) -> list[Compiled]:
    """Do what ``compile_plan`` does for several plans, each with the one who is told of binaries.

    This machine compiles those of all in one pool; BuildKit one plan after the other. *shared* has,
    by id, the unit whose bytes another one takes over (``shared_units``).
    """
    every = [_Compiling(plan, built, epoch, cache) for plan, built in wanted]
    here = [
        (each, Order(each.engine, each.plan.engine_units, each.done))
        for each in every
        if isinstance(each.engine, HostEngine)
    ]
    made = build_together([order for _, order in here], progress, shared=shared or {})
    for (each, _), binaries in zip(here, made, strict=True):
        each.binaries = binaries
    for each in every:
        if not isinstance(each.engine, HostEngine):
            with in_package(each.owner):
                each.binaries = each.engine.build(each.plan.engine_units, progress, each.done)
    compiled = []
    for each in every:
        with in_package(each.owner):
            compiled.append(each.audited())
    return compiled


class _Compiling:
    """The binaries of *plan* while they are made."""

    def __init__(
        self, plan: Plan, built: Callable[[Binary], None], epoch: int, cache: BuildCache
    ) -> None:
        self.plan = plan
        self.owner = plan.project.name if plan.project.member else ""
        self.engine: Engine
        if plan.engine == "buildkit":
            from hatch_multiarch.engine.buildkit_engine import BuildkitEngine  # noqa: PLC0415 - few need it

            self.engine = BuildkitEngine(plan, os.environ, epoch)
            self._sources = UnitSources(plan, os.environ, cache)
        else:
            host = HostEngine(plan.config.toolchain, plan.project.name, plan.project.version)
            self._sources = UnitSources(plan, os.environ, cache, lambda: host.go_env)
            self.engine = host
        self.binaries: list[Binary] = []
        """In the order of the plan, once all are there."""
        self._built = built
        self._cache = cache
        self._read: dict[str, audit.BinaryInfo] = {}

    def done(self, binary: Binary) -> None:
        """Read a binary while others are compiled; one that cannot be read is reported later."""
        self._built(binary)
        with suppress(AuditError):
            self._read[binary.unit.id] = _read(binary, self.plan, self._cache)
        self._sources.built(binary)

    def audited(self) -> Compiled:
        """Return all of them, joined and audited. Raises CompileError and AuditError."""
        plan = self.plan
        binaries = {each.unit.id: each for each in self.binaries}
        facts = {}
        for unit in (*plan.engine_units, *(each for each in plan.units if each.parts)):
            if unit.parts:  # they have passed
                binaries[unit.id] = _join(unit, plan, binaries)
                self.done(binaries[unit.id])
            facts[unit.id] = self._audited(unit, binaries[unit.id])
        compiled = Compiled(self.engine, binaries, facts, self._sources)
        for wheel in plan.wheels:
            if wheel.units and plan.mode != "editable":
                compiled.wheel_tag(wheel)
        return compiled

    def _audited(self, unit: Unit, binary: Binary) -> audit.BinaryInfo:
        """Return the facts of *binary*, which is the *unit*. Raises AuditError."""
        found = self._read.get(unit.id) or _read(binary, self.plan, self._cache)
        file = _named(unit, self.plan)
        audit.check(
            found,
            file=file,
            platform=unit.platform,
            libc=unit.libc,
            made=_MADE.get(unit.compiler, "cgo"),
            kind=unit.helper.kind,
        )
        if unit.helper.library:
            audit.check_exports(found, file=file, functions=binary.functions)
        known = None if unit.parts else self.engine.exports(unit)
        if known is not None:
            audit.check_imports(found, file=file, exports=known)
        return found


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
