"""Finds helpers that are built without cgo and do not work so.

Go compiles what is left of such a package. go-sqlite3 is then a stub that says so when it runs.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

from hatch_multiarch import __version__
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.engine.cgo_packages import list_unit
from hatch_multiarch.engine.go_command import find_go_env
from hatch_multiarch.errors import CompileError, ToolchainError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.plan import Plan, Unit
    from hatch_multiarch.toolchain import Go


class CgoCheck:
    """Looks at the units of *plan* that Go compiles alone; several threads may ask at once.

    Without a Go, or where Go cannot read a module, nothing is found: the build will tell.
    """

    def __init__(
        self, plan: Plan, environ: Mapping[str, str], cache: BuildCache | None = None
    ) -> None:
        self._toolchain = plan.config.toolchain
        self._units = [unit for unit in plan.engine_units if unit.compiler == "none"]
        self._environ = environ
        self._cache = cache or BuildCache(None)
        self._lock = threading.Lock()
        self._found: dict[str, tuple[str, str]] = {}
        """Unit -> the package that needs cgo, and one that could not be looked at."""

    @cached_property
    def _go(self) -> tuple[Go, dict[str, str]]:
        """Go and the environment in which it runs."""
        return find_go_env(self._toolchain.go, self._units, self._environ)

    def built(self, binary: Binary) -> None:
        """Look at the unit of *binary*, which has just been built."""
        if binary.needs_cgo is not None:
            self._found[binary.unit.id] = (binary.needs_cgo, "")
        else:
            self._look(binary.unit, binary.sha256)

    def _look(self, unit: Unit, digest: str = "") -> None:
        if unit not in self._units:
            return
        inputs = (digest, __version__)
        told = self._cache.recall("cgo", *inputs) if digest else None
        if told is None:
            try:
                with self._lock:  # Go is looked for once; it lists for several at a time
                    go, env = self._go
                listed = list_unit(go, env, unit)
            except (CompileError, ToolchainError):
                return
            told = [listed.needs_cgo(unit.platform.os), *listed.unseen[:1], ""][:2]
            if digest:
                if told[1] and not told[0]:
                    return  # it was compiled by what Go's cache does not have any longer
                self._cache.note(told, "cgo", *inputs)
        self._found[unit.id] = (told[0], told[1])

    def look_at_all(self) -> None:
        """Look at each helper once for every system: architectures seldom differ."""
        seen = set()
        for unit in self._units:
            helper = unit.helper
            key = (helper.name, helper.source, helper.package, helper.tags, unit.platform.os)
            if key not in seen:
                seen.add(key)
                self._look(unit)

    def warnings(self) -> list[str]:
        """Return a line for each helper that does not work, or that could not be looked at."""
        said: dict[str, list[str]] = {}
        for unit in self._units:
            needs, unseen = self._found.get(unit.id, ("", ""))
            key = f"tool.multiarch.helpers.{unit.helper.name}.cgo"
            if needs:
                line = f"{key}: {needs} does not work without cgo, and {unit.helper.name} is built "
                said.setdefault(line + "without it", []).append(unit.platform.os)
            elif unseen:
                line = f"{key}: whether {unseen} needs cgo is not known, because its module is not "
                line += f"in Go's module cache; run `go mod download` in {unit.helper.source}"
                said.setdefault(line, [])
        return [line + _for(systems) for line, systems in said.items()]


def _for(systems: Sequence[str]) -> str:
    names = dict.fromkeys(systems)
    return f" for {', '.join(names)}; set cgo = true" if names else ""
