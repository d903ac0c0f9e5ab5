"""Gives the proven image to docker and registries, as the config says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_multiarch.image.built import Published
from hatch_multiarch.image.docker_load import load

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.console import Console
    from hatch_multiarch.image.buildkit_image import BuildkitImage
    from hatch_multiarch.image.built import BuiltImage
    from hatch_multiarch.image.docker_load import Loading
    from hatch_multiarch.plan import ImagePlan


def publish(
    plan: ImagePlan,
    image: BuiltImage,
    loading: Loading | None,
    buildkit: BuildkitImage | None,
    *,
    aside: Path,
    epoch: int,
    console: Console,
) -> tuple[Published, ...]:
    """Give *image* to whoever is to get it; what others see goes last.

    *loading* is what docker gets, *buildkit* what pushes where the image is BuildKit's. Raises
    EngineError of docker and of BuildKit, RegistryError and ImageError of our own.
    """
    loaded: tuple[Published, ...] = ()
    if loading is not None:
        with console.task(f"Loading {plan.reference} into docker"):
            loaded = load(loading, image, plan, aside=aside, environ=os.environ, epoch=epoch)
    pushed = buildkit.publish() if buildkit is not None else _push(plan, image, console)
    return (*loaded, *pushed)


def _push(plan: ImagePlan, image: BuiltImage, console: Console) -> tuple[Published, ...]:
    if all(each.type != "registry" for each in plan.config.outputs):
        return ()
    from hatch_multiarch.inspect import content, inspect_archive, open_image  # noqa: PLC0415 - few builds push
    from hatch_multiarch.registry import parse, push  # noqa: PLC0415 - the same

    reference = parse(plan.reference)
    with (
        console.task(f"Pushing {plan.reference}") as doing,
        open_image(image.proven[0]) as archive,
    ):
        [found] = inspect_archive(archive).images
        pushed = push(content(archive, found), reference, plan.tags, os.environ, doing=doing)
    return tuple(
        Published("registry", f"{plan.reference}:{each.tag}", pushed.digest) for each in pushed.tags
    )
