"""Gives the proven image to docker and registries, as the config says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.image.built import Published
from hatch_multiarch.image.docker_load import load
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.image.buildkit_image import BuildkitImage
    from hatch_multiarch.image.built import BuiltImage
    from hatch_multiarch.image.docker_load import Loading
    from hatch_multiarch.plan import ImagePlan
    from hatch_multiarch.report.console import Console


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

    *loading* is what docker gets, *buildkit* what gives the image on that BuildKit makes. Raises
    EngineError of docker and of BuildKit, RegistryError and ImageError of our own.
    """
    published: list[Published] = []
    if buildkit is not None:
        published += buildkit.publish(registry=False)
    if loading is not None:
        with console.task(f"Loading {plan.reference} into docker"):
            published += load(loading, image, plan, aside=aside, environ=os.environ, epoch=epoch)
    if buildkit is not None:
        _check_tags(plan, console)
        published += buildkit.publish(registry=True)
    return (*published, *_push(plan, image, console))


def _check_tags(plan: ImagePlan, console: Console) -> None:
    """See that no tag loses platforms by BuildKit's push. Raises RegistryError."""
    from hatch_multiarch.registry import parse  # noqa: PLC0415 - few builds push
    from hatch_multiarch.registry.tag_platforms import LosingError, check_repository  # noqa: PLC0415 - the same

    for output in plan.config.outputs:
        if output.type != "registry" or not plan.config.by_buildkit(output) or plan.fewer:
            continue
        mine = [p.name for p, _ in plan.platforms if match(p.name, output.platforms)]
        try:
            check_repository(parse(plan.reference), plan.tags, mine, os.environ)
        except LosingError:
            raise
        except RegistryError as error:  # the builder may have a network of its own
            console.warn(f"which platforms {plan.reference} has is not known: {error.message}")


def _push(plan: ImagePlan, image: BuiltImage, console: Console) -> tuple[Published, ...]:
    config = plan.config
    if all(each.type != "registry" or config.by_buildkit(each) for each in config.outputs):
        return ()
    from hatch_multiarch.image.inspect import content, inspect_archive, open_image  # noqa: PLC0415 - few builds push
    from hatch_multiarch.registry import parse, push  # noqa: PLC0415 - the same

    reference = parse(plan.reference)
    with (
        console.task(f"Pushing {plan.reference}") as doing,
        open_image(image.proven[0]) as archive,
    ):
        [found] = inspect_archive(archive).images
        whole = content(archive, found)
        given = (whole, reference, plan.tags, os.environ)
        pushed = push(*given, fewer=plan.fewer, doing=doing)
    return tuple(
        Published("registry", f"{plan.reference}:{each.tag}", pushed.digest) for each in pushed.tags
    )
