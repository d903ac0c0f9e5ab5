"""Checks before an image is built: whether it can be assembled and would run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base import check_base
from hatch_multiarch.image.items import helper_path, parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hatch_multiarch.audit.binary_info import BinaryInfo
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.image.resolved_base import ResolvedBase
    from hatch_multiarch.plan import ImagePlan


def check_platforms(plan: ImagePlan) -> None:
    """Refuse an image that a client could not choose from (image-index.md: first match wins)."""
    if not plan.platforms:
        raise ImageError(
            "tool.multiarch.platforms: an image needs a Linux platform, and this build has none",
            advice='add one, such as "linux/amd64", or remove tool.multiarch.image',
        )
    names = [platform.name for platform, _ in plan.platforms]
    for platform, units in plan.platforms:
        if names.count(platform.name) > 1:
            raise ImageError(f"tool.multiarch.platforms: {platform.name} is listed twice")
        if not units:
            raise ImageError(
                f"tool.multiarch.image.helpers: the image on {platform.name} would be empty",
                advice=f"add a helper that exists on {platform.name}",
            )


def check_helpers(
    bases: Iterable[ResolvedBase],
    binaries: Mapping[str, Binary],
    facts: Mapping[str, BinaryInfo],
    source: str,
) -> None:
    """Raise ImageError, a line for each helper that cannot run on its one of *bases*.

    *binaries* and *facts* are keyed by ``Unit.id``; *source* is how messages name the base.
    """
    problems = [
        problem
        for each in bases
        for problem in check_base(each.files, each.units, binaries, facts, source)
    ]
    if problems:
        raise ImageError(
            "\n".join(problems),
            advice="take another base, or link the helper statically (libc)",
        )


def check_workdir(base: ResolvedBase, workdir: str) -> None:
    """Raise ImageError when *workdir* cannot be made on a *base* of no layers."""
    above = parents(f"{workdir.strip('/')}/")
    for path in map(helper_path, base.units if base.empty else ()):
        if path in above:
            raise ImageError(
                f"tool.multiarch.image.workdir: {workdir} leads through the helper /{path}"
            )
