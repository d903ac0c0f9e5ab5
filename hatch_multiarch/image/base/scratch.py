"""What an image starts from: today ``scratch``, which is nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.audit.facts import Facts
    from hatch_multiarch.plan import ImagePlan


def check_scratch(plan: ImagePlan, facts: Mapping[str, Facts]) -> None:
    """Raise ImageError, one line per helper and platform, when one cannot run on ``scratch``.

    An executable with an interpreter (ELF, PT_INTERP) or needed libraries (DT_NEEDED) is started
    by files that scratch has not; the kernel would say no more than "no such file or directory".
    """
    problems: list[str] = []
    dynamic: dict[str, None] = {}
    names: dict[str, None] = {}
    for platform, units in plan.platforms:
        for unit in units:
            names[unit.helper.name] = None
            fact = facts[unit.id]
            if fact.interpreter is None and not fact.needed:
                continue
            dynamic[unit.helper.name] = None
            wants = fact.interpreter or ", ".join(fact.needed)
            problems.append(
                f'tool.multiarch.image.base: helper "{unit.helper.name}" on {platform.name} is '
                f'dynamically linked and needs {wants}, which "scratch" has not'
            )
    if not problems:
        return
    ways = [f'set tool.multiarch.helpers.{name}.libc = "static"' for name in dynamic]
    if rest := [f'"{name}"' for name in names if name not in dynamic]:
        ways.append(f"leave it out with tool.multiarch.image.helpers = [{', '.join(rest)}]")
    raise ImageError("\n".join(problems), advice=", or ".join(ways))
