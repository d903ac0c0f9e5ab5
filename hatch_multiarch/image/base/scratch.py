"""``scratch``: the base of no layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.base_image import BaseImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.verifying_reader import VerifyingReader
    from hatch_multiarch.platforms import Platform

SCRATCH = "scratch"
"""Its name, as the key ``base`` has it."""


class ScratchBase:
    """``scratch``, a ``Base`` that has every platform, with an empty config and no files."""

    source = SCRATCH
    name = ""
    digest = ""

    def check(self, platforms: Sequence[Platform]) -> None:
        """Do nothing: it has all *platforms*."""

    def resolve(self, platform: Platform) -> BaseImage:
        """Return the image of *platform*: no layers, an empty config, no manifest to name."""
        return BaseImage(platform, "", {}, (), ())

    def open(self, blob: Descriptor) -> VerifyingReader:
        """Raise ImageError: there is no blob."""
        raise ImageError(f"{self.source}: {blob.digest} is missing")
