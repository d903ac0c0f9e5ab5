"""The plan of a workspace: the plans of its packages, and the units that several share."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hatch_multiarch.config import Libc
from hatch_multiarch.plan import show
from hatch_multiarch.plan.mod_file import ModFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_multiarch.config.members import Workspace
    from hatch_multiarch.plan.plan_model import Plan, Unit

ELSEWHERE = ("prebuilt", "dockerfile")
_WORD = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class WorkspacePlan:
    """Everything that one build of a workspace would do."""

    workspace: Workspace
    plans: tuple[Plan, ...]
    """Of each package, in their order."""
    shared: dict[str, Unit]
    """By id of a unit, the one of another package whose bytes it takes over."""

    @property
    def compiled(self) -> list[Unit]:
        """The units that are made: each once, whatever packages it is in."""
        every = (unit for plan in self.plans for unit in plan.engine_units)
        return [unit for unit in every if unit.id not in self.shared]

    @property
    def says(self) -> str:
        """``4 helper binaries of 3 packages; 2 more are the same``."""
        made, same = len(self.compiled), len(self.shared)
        says = f"{made} helper binar{'y' if made == 1 else 'ies'} of {len(self.plans)} packages"
        return says + (f"; {same} more {'is' if same == 1 else 'are'} the same" if same else "")

    @property
    def notes(self) -> dict[str, list[str]]:
        """What was decided for the user -> the names of the packages for which it was."""
        found: dict[str, list[str]] = {}
        for plan in self.plans:
            for note in plan.notes:
                found.setdefault(note, []).append(plan.project.name)
        return found

    @property
    def problems(self) -> list[str]:
        """A line for each image that another package's would take the name of."""
        found: list[str] = []
        seen: dict[str, str] = {}
        for member, plan in zip(self.workspace.members, self.plans, strict=True):
            image = plan.image
            for name in [f"{image.reference}:{tag}" for tag in image.tags] if image else ():
                first = seen.setdefault(name, member.path)
                if first != member.path:
                    key = f"{member.path}: tool.multiarch.image.name"
                    found.append(f"{key}: {name} is the image of {first} too; rename one")
        return found

    def as_data(self) -> dict[str, object]:
        """Return it as JSON-ready data; paths are relative to the package."""
        return {
            "packages": [
                {"path": member.path, **show.as_data(plan)}
                for member, plan in zip(self.workspace.members, self.plans, strict=True)
            ],
            "compiled": len(self.compiled),
            "shared": {name: unit.id for name, unit in self.shared.items()},
            "skipped": list(self.workspace.skipped),
        }

    def as_text(self) -> str:
        """Return it for a terminal."""
        parts = [show.as_text(plan) for plan in self.plans]
        lines = [f"compile {self.says}"]
        lines += [f"  {name}: the same as {unit.id}" for name, unit in self.shared.items()]
        lines += [f"not built: {path} has no [tool.multiarch]" for path in self.workspace.skipped]
        return "\n\n".join([*parts, "\n".join(lines)])


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
