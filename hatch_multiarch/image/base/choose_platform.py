"""Chooses the manifest of an index for a platform, by containerd's rules.

containerd's ``platforms.Only``: names are normalised first, an Arm takes an older Arm when there
is none of its own, and the first of equals wins. That amd64 takes 386 and arm64 takes 32-bit Arm
is left out: the image would run, with other programs in it than those of its platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.oci.descriptor import Descriptor
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
