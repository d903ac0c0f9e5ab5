"""Units of several projects that are compiled to the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.config import Libc
from hatch_multiarch.plan.mod_file import ModFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_multiarch.plan.plan import Plan, Unit

ELSEWHERE = ("prebuilt", "dockerfile")


def shared_units(plans: Iterable[Plan]) -> dict[str, Unit]:
    """Return the unit that stands in for each one, by its id, that needs no compiling of its own.

    Two are the same when all that decides their bytes is: the module's folder, also where links
    lead to it, the package, the platform, every key of the helper, and the toolchain. BuildKit
    compiles each project in a stage of its own.
    """
    first: dict[object, Unit] = {}
    shared = {}
    for plan in plans:
        for unit in plan.engine_units if plan.engine == "host" else ():
            if unit.compiler not in ELSEWHERE:
                same = first.setdefault(_inputs(unit, plan), unit)
                if same is not unit:
                    shared[unit.id] = same
    return shared


def _inputs(unit: Unit, plan: Plan) -> object:
    # All keys count, also those that are added later, but for those that only place a binary.
    helper = replace(
        unit.helper,
        name="",
        source="",
        workspace="off",
        platforms=(),
        libc=Libc(),
        compiler="",
        install="package",
        smoke=None,
    )
    return (
        repr(helper),
        unit.platform.name,
        unit.libc,
        unit.compiler,
        unit.source.resolve(),
        unit.workspace and unit.workspace.resolve(),
        *(_folders(file) for file in (unit.source / "go.mod", unit.workspace) if file),
        plan.config.toolchain,
        *(_filled(word, plan) for word in _WORD.findall(" ".join(helper.ldflags))),
        unit.output.name if unit.helper.library else "",  # it is written into the library
    )


_WORD = re.compile(r"\{\w+\}")


def _filled(word: str, plan: Plan) -> str:
    """Return what stands for a placeholder in linker flags; other words are each project's own."""
    known = {"{version}": plan.project.version}
    return known.get(word, str(plan.project.root))


def _folders(file: Path) -> tuple[Path, ...]:
    """Return the folders that a go.mod or go.work names; `..` is one above the link to the file."""
    try:
        found = ModFile.read(file)
    except OSError:
        return ()
    named = (*found.uses, *(folder for _, folder in found.replaces))
    return tuple(found.folder(each).resolve() for each in named)
