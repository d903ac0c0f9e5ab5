"""Chooses the manifest of a base for a platform, and reads it and its config.

The rules are those of containerd's ``platforms.Only``: names are normalised first, an Arm takes an
older Arm when there is none of its own, and the first of equals wins. That amd64 takes 386 and
arm64 takes 32-bit Arm is left out: the image would run, with other programs in it than those of
its platform.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.base_image import BaseImage
from hatch_multiarch.oci.descriptor import Descriptor, parse_platform
from hatch_multiarch.oci.image_source import read_config
from hatch_multiarch.oci.manifest import diff_ids
from hatch_multiarch.oci.media_types import CONFIGS, INDEXES, LAYERS, MANIFESTS, REFERENCE_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hatch_multiarch.oci.walk import Walk
    from hatch_multiarch.platforms import Platform


def choose(
    found: Sequence[Descriptor], platforms: Sequence[Platform], source: str
) -> list[Descriptor]:
    """Return those of the manifests *found* that are for *platforms*, in their order.

    Raises ImageError, with the platforms that there are, when one is not there.
    """
    chosen = [_best(found, each) for each in platforms]
    if None not in chosen:
        return [each for each in chosen if each is not None]
    lacks = [each.name for each, one in zip(platforms, chosen, strict=True) if one is None]
    names = ", ".join(dict.fromkeys(each.platform or "one without a name" for each in found))
    raise ImageError(
        f"tool.multiarch.image.base: {source} has no {', '.join(lacks)}; it has {names or 'none'}",
        advice="use a base with all of tool.multiarch.platforms, or remove the platform",
    )


def _best(found: Sequence[Descriptor], platform: Platform) -> Descriptor | None:
    fits = (each for name in accepted(platform) for each in found if each.platform == name)
    return next(fits, None)


def accepted(platform: Platform) -> list[str]:
    """Return the names of the platforms that *platform* runs, the best first."""
    if platform.architecture != "arm" or platform.variant is None:
        return [platform.name]
    newest = int(platform.variant[1:])
    return [f"{platform.os}/arm/v{number}" for number in range(newest, 4, -1)]


def platform_manifests(walk: Walk, listed: Iterable[Descriptor]) -> list[Descriptor]:
    """Return the manifests of images below the descriptors *listed*, each with its platform.

    A manifest whose descriptor names no platform names it in its config. Raises ImageError, and
    RegistryError.
    """
    found: list[Descriptor] = []
    for each in walk.manifests(listed):
        if each.annotations.get(REFERENCE_TYPE) or each.platform == "unknown/unknown":
            continue
        if each.media_type in INDEXES:
            raise missing(walk.source.source, each)
        if each.platform:
            found.append(each)
        elif manifest := walk.manifest(each):
            where = f"{walk.source.source}: {each.digest}: config"
            config = read_config(walk.source, manifest.config, where)
            found.append(replace(each, platform=parse_platform(config, where)))
        elif not each.media_type or each.media_type in MANIFESTS:
            raise missing(walk.source.source, each)
    return found


def base_image(walk: Walk, each: Descriptor, platform: Platform) -> BaseImage:
    """Read the manifest *each* and its config. Raises ImageError when they do not fit."""
    where = f"{walk.source.source}: {each.digest}"
    manifest = walk.manifest(each)
    if manifest is None:
        raise missing(walk.source.source, each)
    if manifest.config.media_type not in CONFIGS:
        found = manifest.config.media_type
        raise ImageError(f"{where}: its config is {found}, so it is not an image")
    config = read_config(walk.source, manifest.config, f"{where}: config")
    told = parse_platform(config, f"{where}: config")
    if told.split("/")[:2] != [platform.os, platform.architecture]:
        raise ImageError(f"{where}: its config is for {told}, the index says {each.platform}")
    digests = diff_ids(config, where)
    layers = tuple(_layer(layer, where) for layer in manifest.layers)
    if len(layers) != len(digests):
        raise ImageError(f"{where}: {len(layers)} layers, but its config has {len(digests)}")
    return BaseImage(platform, each.digest, config, layers, digests)


def missing(source: str, each: Descriptor) -> ImageError:
    """Return the error for a part of a base that was not copied into *source*."""
    return ImageError(
        f"{source}: {each.digest} is missing",
        advice="copy the base with all its platforms, as `skopeo copy --all` does",
    )


def _layer(each: Descriptor, where: str) -> Descriptor:
    if each.media_type not in LAYERS:
        raise ImageError(
            f"{where}: a layer is {each.media_type}, which registries don't serve to everyone"
        )
    return Descriptor(LAYERS[each.media_type], each.digest, each.size)
