"""The host engine: this machine compiles every unit, several at once."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from queue import PriorityQueue
from time import monotonic
from typing import TYPE_CHECKING

from hatch_multiarch.engine.bench import Bench, take
from hatch_multiarch.engine.caches import go_settings
from hatch_multiarch.engine.environment import surroundings
from hatch_multiarch.engine.recipe import Recipes
from hatch_multiarch.errors import CompileError
from hatch_multiarch.process import Group, Stopped, processors
from hatch_multiarch.toolchain import find_go, minimum_go

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hatch_multiarch.config import Toolchain
    from hatch_multiarch.engine.base import Binary, Progress
    from hatch_multiarch.plan import Unit


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
        self._jobs = jobs or processors()

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
        group, began = Group(), monotonic()
        free: PriorityQueue[int] = PriorityQueue()  # numbers of workers that make nothing now
        for number in range(self._jobs):
            free.put(number)
        # A compiler that is being killed may still write: what it leaves then is no error of ours.
        with tempfile.TemporaryDirectory(
            prefix="hatch-multiarch-", ignore_cleanup_errors=True
        ) as work:
            make = self._maker(units, Path(work).resolve(), group)

            def watched(unit: Unit) -> Binary:
                worker = free.get_nowait()
                start = monotonic() - began
                progress.started(unit)
                try:
                    binary = replace(make(unit), start=start, worker=worker)
                except Stopped:
                    raise
                except OSError as error:
                    failure = CompileError(f"{unit.id}: {error}")
                    progress.failed(unit, failure)
                    raise failure from error
                except Exception as error:
                    progress.failed(unit, error)
                    raise
                finally:
                    free.put(worker)
                progress.finished(unit, binary.seconds, cached=binary.cached)
                built(binary)
                return binary

            return _concurrently(units, watched, self._jobs, group)

    def _maker(self, units: Sequence[Unit], work: Path, group: Group) -> Callable[[Unit], Binary]:
        """Find every compiler that *units* need, and return what makes one of them."""
        compiled = [unit for unit in units if unit.compiler != "prebuilt"]
        if not compiled:
            return take
        go = find_go(self._toolchain.go, minimum_go(compiled))
        self.go = str(go)
        book = Recipes(self._toolchain, go, *self._project)
        recipes = {unit.id: book.recipe(unit) for unit in compiled}
        bench = Bench(
            go=go,
            env=surroundings(os.environ, go_settings(go, os.environ)),
            work=work,
            processors=max(1, processors() // min(self._jobs, len(compiled))),
            group=group,
        )

        def make(unit: Unit) -> Binary:
            return bench.compile(recipes[unit.id]) if unit.id in recipes else take(unit)

        return make


def _concurrently(
    units: Sequence[Unit], make: Callable[[Unit], Binary], jobs: int, group: Group
) -> list[Binary]:
    """Return ``make(unit)`` of each; the first that fails, or Ctrl-C, stops all the others."""
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="hatch-multiarch")
    futures = {}
    try:
        for unit in _spread(units):
            futures[unit.id] = pool.submit(make, unit)
        wait(futures.values(), return_when=FIRST_EXCEPTION)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        group.stop()  # nothing runs any more when all went well
        pool.shutdown()
    ordered = [futures[unit.id] for unit in units]
    failures = [future.exception() for future in ordered if not future.cancelled()]
    for failure in failures:
        if failure is not None and not isinstance(failure, Stopped):
            raise failure
    return [future.result() for future in ordered]


def _spread(units: Sequence[Unit]) -> list[Unit]:
    """Order *units* so that those of one platform are apart: the later finds Go's library built."""
    rank: dict[str, int] = defaultdict(int)
    placed = []
    for unit in units:
        placed.append((rank[unit.platform.name], unit))
        rank[unit.platform.name] += 1
    return [unit for _, unit in sorted(placed, key=lambda pair: pair[0])]
