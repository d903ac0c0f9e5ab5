"""The output ``docker-archive``: one platform as a file that every docker loads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.config import DOCKER_ARCHIVE
from hatch_multiarch.image.archives import write_docker_archive
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.image.built import BuiltImage
    from hatch_multiarch.plan import ImagePlan


def with_docker_archive(
    image: BuiltImage, plan: ImagePlan, target: Path, *, epoch: int
) -> BuiltImage:
    """Write *target* from the proven *image*, if *plan* asks for it; return *image* with it.

    It holds the one platform that the output is for; one that this build leaves out gives no
    archive. Raises ImageError when a blob is not what its digest says.
    """
    for output in plan.config.outputs:
        mine = [each for each in image.platforms if match(each.platform.name, output.platforms)]
        if output.type != DOCKER_ARCHIVE or not mine:
            continue
        [built] = mine  # the plan has refused more
        write_docker_archive(target, image, built, plan, epoch=epoch)
        image = replace(image, outputs=(*image.outputs, target))
    return image
