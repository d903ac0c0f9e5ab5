"""The image outputs that are files of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.oci.layout import Layout
    from hatch_multiarch.plan import ImagePlan

FILES = {"oci": ".oci.tar", "layout": ".oci", "tar": ".image.tar", "local": ".image"}
"""Type of the output -> how the file's name ends behind ``NAME-VERSION``."""


def deliver(
    layout: Layout, plan: ImagePlan, target: Path, epoch: int
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Give the outputs that need no BuildKit their names, the archive first: the layout moves.

    Return them, and where the image can be looked into: without any, and for BuildKit, which
    starts from a layout, that is a hidden one too.
    """
    archive = target.with_name(f"{target.name}.tar")
    types = [each.type for each in plan.config.outputs if not plan.config.by_buildkit(each)]
    if "oci" in types:
        layout.archive(archive, epoch=epoch)
    if "layout" in types:
        layout.path.replace(target)
    paths = {"oci": archive, "layout": target}
    outputs = tuple(paths[each] for each in types if each in paths)
    if "layout" in types or (outputs and not plan.buildkit):
        return outputs, outputs
    hidden = target.with_name(".image")
    layout.path.replace(hidden)
    return outputs, (*outputs, hidden)
