"""A base in a registry, pulled through the cache for the platforms of the build."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hatch_multiarch.image.base.base_manifest import base_image, choose, platform_manifests
from hatch_multiarch.oci.walk import Walk
from hatch_multiarch.registry import RegistrySource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.image.base.base_image import BaseImage
    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.image_source import VerifyingReader
    from hatch_multiarch.platforms import Platform
    from hatch_multiarch.registry import Puller


class RegistryBase:
    """The image that *puller* pulls; *source* is how the project names it."""

    def __init__(self, puller: Puller, source: str) -> None:
        self.source = source
        self._puller = puller
        self._registry = RegistrySource(puller, source)
        self._walk = Walk(self._registry)

    @property
    def digest(self) -> str:
        """Of its index, or of its one manifest; a tag is asked for once. Raises RegistryError."""
        return self._registry.digest

    @property
    def name(self) -> str:
        """Its name anywhere: with the registry, and without the digest."""
        reference = self._puller.reference
        return f"{reference.name}:{reference.tag}" if reference.tag else reference.name

    def check(self, platforms: Sequence[Platform]) -> None:
        """Raise ImageError when it lacks one of *platforms*; no layer is pulled."""
        choose(self._found, platforms, self.source)

    def resolve(self, platform: Platform) -> BaseImage:
        """Return the image of *platform*, its layers pulled.

        Raises ImageError, and RegistryError.
        """
        [chosen] = choose(self._found, [platform], self.source)
        image = base_image(self._walk, chosen, platform)
        self._puller.fetch(image.layers)
        return image

    def open(self, blob: Descriptor) -> VerifyingReader:
        """Return the bytes of *blob* to be read once. Raises ImageError, and RegistryError."""
        return self._registry.open(blob)

    @cached_property
    def _found(self) -> list[Descriptor]:
        return platform_manifests(self._walk, [self._registry.root])
