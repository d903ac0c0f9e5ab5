"""What units are compiled from, asked of Go: the project's files, and packages that need cgo.

Go compiles what is left of a package without cgo. go-sqlite3 is then a stub that says so when it
runs.
"""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import __version__, files
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.engine.cgo_packages import FIELDS as CGO_FIELDS
from hatch_multiarch.engine.cgo_packages import listed
from hatch_multiarch.engine.go_command import find_go_env
from hatch_multiarch.engine.go_inputs import (
    FIELDS,
    go_maps,
    inputs_of,
    local_packages,
    unit_packages,
)
from hatch_multiarch.engine.publish import BuildStamp
from hatch_multiarch.engine.source_digest import SourceDigests, deciding_folders
from hatch_multiarch.errors import CompileError, ToolchainError
from hatch_multiarch.plan.commit import is_sdist
from hatch_multiarch.process import processors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.plan import Plan, Unit
    from hatch_multiarch.toolchain import Go

_ELSEWHERE = ("prebuilt", "dockerfile")
"""Compilers of units that are not made from the sources in hand, or not by us."""
_STEERING = ("GOFLAGS", "GOMODCACHE", "GOPATH")
"""Variables of the user's that decide where Go finds modules."""
_ANY_FILE = re.compile("-(modfile|overlay)=")
"""Flags in GOFLAGS that name a file of which ``go list`` does not tell."""


@dataclass(frozen=True)
class Sources:
    """What one unit is compiled from."""

    inputs: tuple[str, ...] = ()
    """Paths of the files outside Go's own folders."""
    needs_cgo: str = ""
    """A package in it that does not work without cgo; empty for one that is built with cgo."""
    unseen: str = ""
    """A package whose module is not in Go's cache, so that it is not known whether it needs cgo."""


class UnitSources:
    """The sources of the units of *plan*; several threads may ask at once.

    *environ* is the user's environment. *found* returns the Go that has built them and its
    environment, once they are known. Without a Go, or where Go cannot read a module, nothing is
    known: the build will tell.
    """

    def __init__(
        self,
        plan: Plan,
        environ: Mapping[str, str],
        cache: BuildCache | None = None,
        found: Callable[[], tuple[Go, Mapping[str, str]] | None] = lambda: None,
    ) -> None:
        self.failures: dict[str, str] = {}
        """Why Go cannot tell the files of a helper, by its name."""
        self._plan = plan
        self._units = [unit for unit in plan.engine_units if unit.compiler not in _ELSEWHERE]
        self._environ = environ
        self._cache = cache or BuildCache(None)
        self._found = found
        self._lock = threading.Lock()
        self._go: tuple[Go, Mapping[str, str]] | None = None
        self._known: dict[str, Sources] = {}
        """By the id of the unit."""
        self._digests = SourceDigests()

    def look_at_all(self) -> None:
        """Ask Go for the sources of each unit."""
        with ThreadPoolExecutor(2 * processors()) as pool:
            for unit, packages in zip(self._units, pool.map(self._ask, self._units), strict=True):
                if packages is not None:
                    self._known[unit.id] = _sources(packages, unit)

    def built(self, binary: Binary) -> None:
        """Look at the unit of *binary*, which has just been built.

        Where nothing was compiled, it is made of the same files as before, which the cache has.
        """
        unit = binary.unit
        if unit not in self._units:
            return
        if binary.inputs is not None:  # the builder stage has asked its Go
            inputs = tuple(sorted(map(str, binary.inputs)))
            self._known[unit.id] = Sources(inputs, binary.needs_cgo or "")
            if binary.needs_cgo is not None or unit.compiler != "none":
                return
        if unit.compiler != "none" and is_sdist(self._plan.project.root):
            return  # its files are all in the sdist
        # Where a module is, Go compiles nothing for.
        maps = [files.sha256(path) for path in go_maps(unit) if path.is_file()]
        key = ("sources", __version__, str(unit.output), binary.sha256, *maps)
        told = self._cache.recall(*key) if binary.cached else None
        if told is not None:
            self._known[unit.id] = Sources(**told)
        elif (sources := self._compiled(unit, maps)) is not None:
            # What is unseen was compiled by what Go's cache does not have any longer.
            self._known[unit.id] = replace(sources, unseen="")
            if not sources.unseen:
                self._cache.note(asdict(sources), *key)

    def _compiled(self, unit: Unit, maps: Sequence[str]) -> Sources | None:
        """Return the sources of a unit that was compiled anew.

        *maps* are the digests of what says where modules are. Go is asked only where more has
        changed than what functions do.
        """
        key = self._imports_key(unit, maps)
        told = self._cache.recall(*key) if key else None
        with suppress(OSError):
            if told and self._digests.of(told["folders"], told["others"]) == told["digest"]:
                return Sources(**told["sources"])
        packages = self._ask(unit)
        if packages is None:
            return None
        sources, local = _sources(packages, unit), local_packages(packages)
        folders = deciding_folders(local)
        if key and folders is not None and not sources.unseen and not _lose_files(local, unit):
            others = [each for each in sources.inputs if not each.endswith(".go")]
            with suppress(OSError):
                digest = self._digests.of(folders, others)
                value = {"folders": folders, "others": others, "digest": digest}
                self._cache.note({**value, "sources": asdict(sources)}, *key)
        return sources

    def _imports_key(self, unit: Unit, maps: Sequence[str]) -> tuple[str, ...]:
        """Return what the sources of *unit* follow from beside the project's files, or nothing."""
        recipe = BuildStamp(unit.output).recipe()
        try:
            _, env = self._started()
        except ToolchainError:
            return ()
        settings = [env.get(name, "") for name in _STEERING]
        if recipe is None or _ANY_FILE.search(settings[0]):  # BuildKit has no recipe
            return ()
        return ("sources by imports", __version__, str(unit.output), recipe, *settings, *maps)

    def by_helper(self) -> dict[str, tuple[str, set[Path]]]:
        """Return the source of each helper that Go compiles from the project, and its files."""
        found: dict[str, tuple[str, set[Path]]] = {}
        for unit in self._units:
            _, paths = found.setdefault(unit.helper.name, (unit.helper.source, set()))
            paths |= {Path(each) for each in self._known.get(unit.id, Sources()).inputs}
        return found

    def cgo_warnings(self) -> list[str]:
        """Return a line for each helper that does not work without cgo, or may not."""
        said: dict[str, list[str]] = {}
        for unit in self._units:
            sources = self._known.get(unit.id, Sources())
            key = f"tool.multiarch.helpers.{unit.helper.name}.cgo"
            if sources.needs_cgo:
                line = f"{key}: {sources.needs_cgo} does not work without cgo, and "
                line += f"{unit.helper.name} is built without it"
                said.setdefault(line, []).append(unit.platform.os)
            elif sources.unseen:
                line = f"{key}: whether {sources.unseen} needs cgo is not known, because its "
                line += "module is not in Go's module cache; run `go mod download` in "
                said.setdefault(line + unit.helper.source, [])
        return [line + _for(systems) for line, systems in said.items()]

    def _ask(self, unit: Unit) -> list[dict[str, Any]] | None:
        """Return what Go says of the packages of *unit*; None where it cannot tell."""
        try:
            go, env = self._started()
            return unit_packages(go, unit, env, fields=(*FIELDS, *CGO_FIELDS))
        except CompileError as error:
            with self._lock:
                self.failures[unit.helper.name] = error.message
        except ToolchainError:
            pass  # there is no Go
        return None

    def _started(self) -> tuple[Go, Mapping[str, str]]:
        """Return Go and its environment. Raises ToolchainError."""
        with self._lock:  # Go is looked for once; it lists for several at a time
            if self._go is None:
                wanted = self._plan.config.toolchain.go
                self._go = self._found() or find_go_env(wanted, self._units, self._environ)
            return self._go


def _lose_files(packages: Sequence[Mapping[str, Any]], unit: Unit) -> bool:
    """Tell whether *packages* lose files without cgo: then it matters what their functions do."""
    found = listed(packages, unit.helper.tags)
    return any(each.loses_files(unit.platform.os, found.tags) for each in found.packages)


def _sources(packages: Sequence[dict[str, Any]], unit: Unit) -> Sources:
    inputs = tuple(sorted(map(str, inputs_of(packages, unit))))
    if unit.compiler != "none":
        return Sources(inputs)
    found = listed(packages, unit.helper.tags)
    return Sources(inputs, found.needs_cgo(unit.platform.os), "".join(found.unseen[:1]))


def _for(systems: Sequence[str]) -> str:
    names = dict.fromkeys(systems)
    return f" for {', '.join(names)}; set cgo = true" if names else ""
