"""The tasks of the host engine: what each unit costs and which caches it fills, and warm-ups.

zig brings the sources of the C library, of compiler-rt and of libc++; what a target needs of them
is compiled at the first link for it, which takes up to minutes, and kept in zig's global cache. A
warm-up builds it once, before the units that link against it.
"""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.engine.environment import LEVELS
from hatch_multiarch.engine.publish import BuildStamp
from hatch_multiarch.engine.schedule import Task
from hatch_multiarch.plan.mod_file import ModFile

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Iterable, Mapping
    from pathlib import Path

    from hatch_multiarch.engine.recipe import Recipe
    from hatch_multiarch.plan import Unit

LINK, CGO, CXX = 1, 5, 30
"""Roughly the seconds of one processor for a unit with full caches: linked, with C, with C++."""

STANDARD_LIBRARY, WITH_C = 12, 3
"""The same for Go's standard library, and for those parts of it that depend on the C compiler."""

LINKED, LISTED = 10e6, 2e3
"""How many bytes of a binary are linked in a second, and how many of go.sum name what takes one."""

_CXX_FILES = {".cc", ".cpp", ".cxx"}

_PROGRAM = "int main(void) { return 0; }\n"


def unit_task(unit: Unit, recipe: Recipe | None, after: Iterable[str], *, cxx: bool) -> Task:
    """Return the task that makes *unit* by *recipe*, or copies it where there is none.

    *after* are the names of tasks that prepare what the C compiler of the unit needs; *cxx* says
    whether its module has C++.
    """
    if recipe is None:
        return Task(unit.id)
    cost = (LINK if not recipe.compiler.cc else CXX if cxx else CGO) + _size(unit.output) / LINKED
    if built_before(recipe):
        return Task(unit.id, cost)
    return Task(unit.id, cost, fills=cached_packages(recipe), after=frozenset(after))


def cached_packages(recipe: Recipe) -> dict[Hashable, float]:
    """Return names for the packages that Go's cache gives to a later ``go build``, and their cost.

    Most of the standard library is the same with and without cgo; ``runtime/cgo``, ``net`` and
    ``os/user`` depend on the C compiler. The last name is for what one Go module depends on.
    """
    env = recipe.env
    platform = tuple(env[name] for name in ("GOOS", "GOARCH", *LEVELS))
    module = recipe.unit.source.resolve()  # by links, packages of a workspace share one
    parts: dict[Hashable, float] = {
        ("std", platform): STANDARD_LIBRARY,
        ("module", platform, module): _size(module / "go.sum") / LISTED,
    }
    if recipe.compiler.cc:
        c = tuple(value for name, value in env.items() if name.startswith(("CGO_", "CC", "CXX")))
        parts["cgo", platform, c] = WITH_C
    return parts


def built_before(recipe: Recipe) -> bool:
    """Tell whether the last binary was made by the same *recipe*: the caches should be full."""
    return BuildStamp(recipe.unit.output).recipe() == recipe.key


def with_cxx(recipes: Iterable[Recipe]) -> set[Path]:
    """Return the sources of *recipes* with a file that is C++ by its name.

    Those that use no cgo, and those that were built before, are not looked at.
    """
    new = {each.unit.source for each in recipes if each.compiler.cc and not built_before(each)}
    return {
        source for source in new if any(path.suffix in _CXX_FILES for path in source.rglob("*"))
    }


def import_path(unit: Unit) -> str | None:
    """Return how Go names the main package of *unit*: ``example.com/greet/cmd/greet``.

    None where go.mod does not say; Go itself will tell what is wrong with it.
    """
    try:
        module = ModFile.read(unit.source / "go.mod").module
    except OSError:
        return None
    if unit.helper.imported:
        return unit.helper.package
    return module + unit.helper.package.removeprefix(".") if module else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True)
class WarmUp:
    """One link of an empty program."""

    task: Task
    command: tuple[str, ...]
    """Without input and output."""
    target: str
    suffix: str
    """Of the source file: ``.c`` or ``.cpp``."""
    recipe: Recipe
    """Of a unit that links in this way."""

    def run(self, work: Path, env: Mapping[str, str], group: process.Group) -> None:
        """Link in a new folder in *work*, with *env* beside what the recipe sets.

        A failure is none of the build's: the unit's own link will show it. Raises Stopped when
        *group* is stopped.
        """
        folder = work / self.task.name
        folder.mkdir()
        source = folder / f"empty{self.suffix}"
        try:
            source.write_text(_PROGRAM, encoding="ascii")
            command = [*self.command, source.name, "-o", "empty"]
            process.run(command, cwd=folder, env=self.recipe.environment(env), group=group)
        except OSError:
            return


def warm_ups(recipes: Iterable[Recipe], cxx: Container[Path]) -> dict[str, WarmUp]:
    """Return what zig builds before the unit of each of *recipes*, by the id of the unit.

    Units of one target share them. A unit that was built before by the same recipe needs none.
    *cxx* holds the sources with C++ in them.
    """
    known: dict[str, WarmUp] = {}
    needed = {}
    for recipe in recipes:
        if recipe.unit.compiler == "zig" and not built_before(recipe):
            own = _link(recipe, plus=recipe.unit.source in cxx)
            needed[recipe.unit.id] = known.setdefault(own.task.name, own)
    return needed


def _link(recipe: Recipe, *, plus: bool) -> WarmUp:
    """Return a link with the flags of cgo's, which are those of the unit's binary too."""
    env = recipe.env
    compiler = shlex.split(recipe.compiler.cxx if plus else recipe.compiler.cc)
    flags = (env["CGO_CXXFLAGS" if plus else "CGO_CFLAGS"] + " " + env["CGO_LDFLAGS"]).split()
    command = (*compiler, *flags)
    target = compiler[compiler.index("-target") + 1]
    name = "zig-" + hashlib.sha256("\0".join(command).encode()).hexdigest()
    task = Task(name, CXX if plus else CGO, ahead=True)
    return WarmUp(task, command, target, ".cpp" if plus else ".c", recipe)
