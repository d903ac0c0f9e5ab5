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
    """Give the outputs their names, the archive first: the layout moves.

    Return them, and where the image can be looked into: without any, and where BuildKit makes
    them, that is a hidden layout.
    """
    archive = target.with_name(f"{target.name}.tar")
    types = [] if plan.buildkit else [output.type for output in plan.config.outputs]
    if "oci" in types:
        layout.archive(archive, epoch=epoch)
    if "layout" in types:
        layout.path.replace(target)
    paths = {"oci": archive, "layout": target}
    outputs = tuple(paths[each] for each in types if each in paths)
    if outputs:
        return outputs, outputs
    hidden = target.with_name(".image")
    layout.path.replace(hidden)
    return (), (hidden,)
