"""The host engine: this machine compiles every unit, several at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.engine.go_build import Bench, copy_binary
from hatch_multiarch.engine.go_command import find_go_env
from hatch_multiarch.engine.prebuilt import take
from hatch_multiarch.engine.recipe import Recipes
from hatch_multiarch.engine.schedule import Schedule, work_off
from hatch_multiarch.engine.tasks import unit_task, warm_ups, with_cxx
from hatch_multiarch.errors import CompileError, in_package
from hatch_multiarch.process import Group, Stopped, processors

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.config import Toolchain
    from hatch_multiarch.engine.engine_protocol import Binary, Progress
    from hatch_multiarch.engine.recipe import Recipe
    from hatch_multiarch.engine.schedule import Start, Task
    from hatch_multiarch.engine.tasks import WarmUp
    from hatch_multiarch.plan import Unit
    from hatch_multiarch.toolchain import Go


class HostEngine:
    """Compiles on this machine, with its own compilers or those that the package index gave."""

    name = "host"

    def __init__(
        self, toolchain: Toolchain, project_name: str, version: str, jobs: int | None = None
    ) -> None:
        """Build up to *jobs* units at once; by default as many as there are processors."""
        self.go = "none"
        """Which Go built, known once ``build`` has found it."""
        self._toolchain = toolchain
        self._project = (project_name, version)
        self._jobs = jobs
        self.go_env: tuple[Go, Mapping[str, str]] | None = None
        """The same, with the environment in which it runs."""
        self._recipes: Recipes | None = None

    def build(
        self,
        units: Sequence[Unit],
        progress: Progress,
        built: Callable[[Binary], None] = lambda _: None,
    ) -> list[Binary]:
        """Build *units* concurrently; results stand in the order of *units*.

        *built* is called with each binary as soon as it is there, by several threads.

        Raises CompileError when one fails (the others are stopped), ToolchainError when a compiler
        is missing (before any has run) and PlanError for a prebuilt file that is none.
        """
        [made] = build_together([Order(self, units, built)], progress, jobs=self._jobs)
        return made

    def exports(self, unit: Unit) -> Mapping[str, Container[str]] | None:
        """Return what *unit*, which ``build`` has compiled, may import; see ``Recipes.exports``."""
        return None if self._recipes is None else self._recipes.exports(unit)

    def prepare(
        self,
        units: Sequence[Unit],
        work: Path,
        group: Group,
        progress: Progress,
        built: Callable[[Binary], None],
    ) -> Making:
        """Find every compiler that *units* need. Raises ToolchainError."""
        making = Making({unit.id: unit for unit in units}, progress, built)
        compiled = [unit for unit in units if unit.compiler != "prebuilt"]
        if not compiled:
            return making
        go, env = find_go_env(self._toolchain.go, compiled, os.environ)
        self.go, self.go_env = str(go), (go, env)
        self._recipes = Recipes(self._toolchain, go, *self._project, work, progress.doing)
        making.recipes = {unit.id: self._recipes.recipe(unit) for unit in compiled}
        making.bench = Bench(go=go, env=env, work=work, group=group)
        return making


@dataclass(frozen=True)
class Order:
    """The units of one project, for the engine that is set up for it."""

    engine: HostEngine
    units: Sequence[Unit]
    built: Callable[[Binary], None] = lambda _: None
    """Called with each binary as soon as it is there, by several threads."""


def build_together(
    orders: Sequence[Order],
    progress: Progress,
    *,
    jobs: int | None = None,
    shared: Mapping[str, Unit] = MappingProxyType({}),
) -> list[list[Binary]]:
    """Build the units of all *orders* in one pool; the results stand in their order.

    No two units have the same id. *shared* has, by id, the unit whose bytes another one takes over.
    Up to *jobs* are built at once, by default as many as there are processors. Raises what
    ``HostEngine.build`` does.
    """
    group, jobs = Group(), jobs or processors()
    with files.temporary() as work:
        makings = []
        for number, each in enumerate(orders):
            folder = work.resolve() / str(number)
            folder.mkdir()
            with in_package(next((unit.owner for unit in each.units), "")):
                makings.append(each.engine.prepare(each.units, folder, group, progress, each.built))
        owner = {unit.id: making for making in makings for unit in making.units.values()}
        takers: dict[str, list[str]] = {}
        for name, first in shared.items():
            if owner[name].recipes[name].key == owner[first.id].recipes[first.id].key:
                takers.setdefault(first.id, []).append(name)
        taking = {name for names in takers.values() for name in names}
        # What zig builds ahead has the same name wherever it is the same.
        does = {task.name: (making, task) for making in makings for task in making.tasks(taking)}

        def do(start: Start, filled: Callable[[], None]) -> None:
            making = does[start.task.name][0]
            making.do(start, filled)
            for name in takers.get(start.task.name, ()):
                owner[name].take_over(name, making.made[start.task.name])

        schedule = Schedule([task for _, task in does.values()], jobs, processors())
        failures = work_off(schedule, do, jobs, group)
    for unit in (unit for each in orders for unit in each.units):
        failure = failures.get(unit.id)
        if failure is not None and not isinstance(failure, Stopped):
            with in_package(unit.owner):
                raise failure
    for failure in failures.values():
        raise failure
    return [
        [making.made[unit.id] for unit in order.units]
        for making, order in zip(makings, orders, strict=True)
    ]


@dataclass
class Making:
    """The units of one project, how they are made, and what has become of them."""

    units: dict[str, Unit]
    """By id."""
    progress: Progress
    built: Callable[[Binary], None]
    """Called with each binary as soon as it is there."""
    recipes: dict[str, Recipe] = field(default_factory=dict)
    """Of the units that are compiled, by id."""
    bench: Bench | None = None
    """None when nothing is compiled."""
    made: dict[str, Binary] = field(default_factory=dict)
    began: float = field(default_factory=monotonic)
    _warm_ups: dict[str, WarmUp] = field(default_factory=dict)
    """By the name of the task."""

    def tasks(self, without: Container[str] = ()) -> list[Task]:
        """Return a task for each unit, and for what zig builds before them.

        The units *without* one, by id, take over the bytes of another unit.
        """
        recipes = [each for name, each in self.recipes.items() if name not in without]
        cxx = with_cxx(recipes)
        needed = warm_ups(recipes, cxx)
        self._warm_ups = {each.task.name: each for each in needed.values()}
        tasks = [each.task for each in self._warm_ups.values()]
        for unit in (each for name, each in self.units.items() if name not in without):
            after = [needed[unit.id].task.name] if unit.id in needed else []
            recipe = self.recipes.get(unit.id)
            tasks.append(unit_task(unit, recipe, after, cxx=unit.source in cxx))
        return tasks

    def do(self, start: Start, filled: Callable[[], None]) -> None:
        """Do a task; called from several threads at once."""
        if start.task.name in self._warm_ups:
            self._warm_up(self._warm_ups[start.task.name])
            return
        unit, begun = self.units[start.task.name], monotonic() - self.began
        self.progress.started(unit)
        try:
            binary = self._make(unit, start, filled)
        except Stopped:
            raise
        except OSError as error:
            failure = files.unwritable(error) or CompileError(f"{unit.id}: {error}")
            self.progress.failed(unit, failure)
            raise failure from error
        except Exception as error:
            self.progress.failed(unit, error)
            raise
        self.made[unit.id] = replace(binary, start=begun, worker=start.worker)
        self.progress.finished(unit, binary.seconds, cached=binary.cached)
        self.built(binary)

    def take_over(self, name: str, binary: Binary) -> None:
        """Make the unit *name*, of which *binary* has the bytes already. Raises OSError."""
        unit = self.units[name]
        self.made[name] = copy_binary(unit, self.recipes[name], binary)
        self.built(self.made[name])

    def _make(self, unit: Unit, start: Start, filled: Callable[[], None]) -> Binary:
        if self.bench is None or unit.id not in self.recipes:
            return take(unit)
        return self.bench.compile(self.recipes[unit.id], start.processes, filled)

    def _warm_up(self, each: WarmUp) -> None:
        if self.bench is not None:
            self.progress.doing(f"zig builds its C library for {each.target}")
            each.run(self.bench.work, self.bench.env, self.bench.group)
            self.progress.doing("")
