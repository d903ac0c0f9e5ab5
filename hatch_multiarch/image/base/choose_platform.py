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


def choose(found: Sequence[Descriptor], platform: Platform, source: str) -> Descriptor:
    """Return the one of the manifests *found* that is for *platform*.

    Raises ImageError, with the platforms that there are, when none is.
    """
    for name in accepted(platform):
        for each in found:
            if each.platform == name:
                return each
    names = ", ".join(dict.fromkeys(each.platform or "one without a name" for each in found))
    raise ImageError(
        f"tool.multiarch.image.base: {source} has no {platform.name}; it has {names or 'none'}",
        advice="take a base with all of tool.multiarch.platforms, or leave the platform out",
    )


def accepted(platform: Platform) -> list[str]:
    """Return the names of the platforms that *platform* runs, the best first."""
    if platform.architecture != "arm" or platform.variant is None:
        return [platform.name]
    newest = int(platform.variant[1:])
    return [f"{platform.os}/arm/v{number}" for number in range(newest, 4, -1)]
