"""The plan of a workspace: the plans of its packages, and what they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.plan import show

if TYPE_CHECKING:
    from hatch_multiarch.config.members import Workspace
    from hatch_multiarch.plan.plan import Plan, Unit


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
