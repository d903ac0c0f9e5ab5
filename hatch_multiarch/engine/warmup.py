"""Builds zig's runtime for a target once, before the units that link against it.

zig brings the sources of the C library, of compiler-rt and of libc++; what a target needs of them
is compiled at the first link for it, which takes up to minutes, and kept in zig's global cache.
"""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.engine.flags import EXTLDFLAGS
from hatch_multiarch.engine.order import CGO, CXX, built_before
from hatch_multiarch.engine.schedule import Task

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from pathlib import Path

    from hatch_multiarch.engine.recipe import Recipe

_PROGRAM = "int main(void) { return 0; }\n"


@dataclass(frozen=True)
class WarmUp:
    """One link of an empty program; zig keeps a runtime for each way to link."""

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


def warm_ups(recipes: Iterable[Recipe], cxx: Container[Path]) -> dict[str, list[WarmUp]]:
    """Return what zig had better build ahead for each of *recipes*, by the id of its unit.

    Units of one target share them. A unit that was built before by the same recipe needs none.
    *cxx* holds the sources with C++ in them.
    """
    known: dict[str, WarmUp] = {}
    needed = {}
    for recipe in recipes:
        if recipe.unit.compiler == "zig" and not built_before(recipe):
            own = _links(recipe, plus=recipe.unit.source in cxx)
            needed[recipe.unit.id] = [known.setdefault(each.task.name, each) for each in own]
    return needed


def _links(recipe: Recipe, *, plus: bool) -> list[WarmUp]:
    """Return the links that Go lets zig do: cgo's to find symbols, and that of the binary.

    zig builds its runtime for a stripped program anew; where cgo's is stripped too, one will do.
    """
    env = recipe.env
    compiler = shlex.split(recipe.compiler.cxx if plus else recipe.compiler.cc)
    flags = (env["CGO_CXXFLAGS" if plus else "CGO_CFLAGS"] + " " + env["CGO_LDFLAGS"]).split()
    last = [
        word
        for flag in recipe.compiler.link
        if flag.startswith(EXTLDFLAGS)
        for word in flag.removeprefix(EXTLDFLAGS).split()
        if word not in flags
    ]
    target = compiler[compiler.index("-target") + 1]
    made = []
    for command in dict.fromkeys([(*compiler, *flags), (*compiler, *flags, *last)]):
        name = "zig-" + hashlib.sha256("\0".join(command).encode()).hexdigest()
        task = Task(name, CXX if plus else CGO, ahead=True)
        made.append(WarmUp(task, command, target, ".cpp" if plus else ".c", recipe))
    return made
