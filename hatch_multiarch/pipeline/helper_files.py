"""Collects the files that the helpers of a plan are compiled from, over all platforms."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import __version__, files
from hatch_multiarch.engine.go_command import find_go_env
from hatch_multiarch.engine.go_inputs import go_inputs, go_maps
from hatch_multiarch.errors import CompileError, ToolchainError
from hatch_multiarch.process import processors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.engine import Binary
    from hatch_multiarch.plan import Plan, Unit
    from hatch_multiarch.toolchain import Go

_ELSEWHERE = ("prebuilt", "dockerfile")
"""Compilers of units that are not made from the sources in hand, or not by us."""


class HelperFiles:
    """The files of the units of *plan*; several threads may ask at once.

    *environ* is the environment of the build.
    """

    def __init__(self, plan: Plan, environ: Mapping[str, str]) -> None:
        self._plan = plan
        self._units = [unit for unit in plan.engine_units if unit.compiler not in _ELSEWHERE]
        self._environ = environ
        self._lock = threading.Lock()
        self._found: dict[str, set[Path]] = {}
        """By helper."""
        self.failures: dict[str, str] = {}
        """Why Go cannot tell the files of a helper, by its name."""

    def look_at_all(self) -> None:
        """Ask Go for the files of each unit."""
        with ThreadPoolExecutor(2 * processors()) as pool:
            list(pool.map(self._look, self._units))

    def look(self, binary: Binary, cache: BuildCache) -> None:
        """Find the files of *binary*, which has just been built.

        Go is asked when it compiled anything; else it built from the same files as before, which
        *cache* has.
        """
        unit = binary.unit
        if unit not in self._units:
            return
        if binary.inputs is not None:
            self._add(unit, set(binary.inputs))
            return
        # Where a module is, Go compiles nothing for.
        maps = [files.sha256(path) for path in go_maps(unit) if path.is_file()]
        inputs = ("inputs", __version__, str(unit.output), binary.sha256, *maps)
        known = cache.recall(*inputs) if binary.cached else None
        if known is not None:
            self._add(unit, {Path(each) for each in known})
        elif found := self._look(unit):
            cache.note(sorted(map(str, found)), *inputs)

    def by_helper(self) -> dict[str, tuple[str, set[Path]]]:
        """Return the source of each helper whose files are known, and the files."""
        sources = {unit.helper.name: unit.helper.source for unit in self._units}
        return {name: (source, self._found.get(name, set())) for name, source in sources.items()}

    def _look(self, unit: Unit) -> set[Path]:
        try:
            with self._lock:
                go, env = self._go
            found = go_inputs(go, unit, env)
        except CompileError as error:
            with self._lock:
                self.failures[unit.helper.name] = error.message
            return set()
        except ToolchainError:
            return set()  # there is no Go
        self._add(unit, found)
        return found

    def _add(self, unit: Unit, found: set[Path]) -> None:
        with self._lock:
            self._found.setdefault(unit.helper.name, set()).update(found)

    @cached_property
    def _go(self) -> tuple[Go, dict[str, str]]:
        return find_go_env(self._plan.config.toolchain.go, self._units, self._environ)
