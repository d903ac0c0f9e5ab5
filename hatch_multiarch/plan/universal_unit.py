"""Units of a universal platform: a program for each processor, joined into one binary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.config import Libc
from hatch_multiarch.plan.plan import Unit
from hatch_multiarch.plan.units import slug
from hatch_multiarch.platforms import lookup

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hatch_multiarch.config import Helper
    from hatch_multiarch.platforms import Platform


def universal_unit(
    helper: Helper,
    platform: Platform,
    folder: Path,
    make: Callable[[str, Platform], Unit | None],
) -> Unit | None:
    """Return the unit of *helper* on a *platform* with parts, or None after a problem.

    *make* returns the unit of a helper, by name, on the platform of a part; *folder* is that of the
    compiled helpers.
    """
    made = [make(helper.name, part) for part in map(lookup, platform.parts) if part is not None]
    parts = tuple(part for part in made if part is not None)
    if len(parts) < len(platform.parts):
        return None
    return Unit(
        helper=helper,
        platform=platform,
        libc=Libc(),
        compiler=", ".join(dict.fromkeys(part.compiler for part in parts)),
        source=parts[0].source,
        output=folder / slug(platform) / parts[0].output.name,
        workspace=parts[0].workspace,
        parts=parts,
    )
