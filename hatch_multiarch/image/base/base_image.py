"""The protocol of a base, its image of one platform, and ``scratch``: the base of no layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from hatch_multiarch.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.image_source import VerifyingReader
    from hatch_multiarch.platforms import Platform

SCRATCH = "scratch"
"""Its name, as the key ``base`` has it."""


@dataclass(frozen=True)
class BaseImage:
    """The base of one platform, its documents read and checked."""

    platform: Platform
    """The one that it was asked for; the base's own may be an older Arm."""
    digest: str
    """Of its manifest."""
    config: dict[str, Any]
    """Its config document (config.md)."""
    layers: tuple[Descriptor, ...]
    """Lowest first, with media types of OCI."""
    diff_ids: tuple[str, ...]
    """Of the layers, in their order."""


class Base(Protocol):
    """A multi-arch image to start from: an archive, a folder, a registry."""

    source: str
    """How messages and the report name it: ``oci:base.tar``."""

    @property
    def name(self) -> str:
        """How the world names it: registry, path and tag; empty for a file of the project."""

    @property
    def digest(self) -> str:
        """Of its index, or of its one manifest; empty when it is several without an index."""

    def check(self, platforms: Sequence[Platform]) -> None:
        """Raise ImageError when it lacks one of *platforms*, with those that it has.

        Only indexes and manifests are read.
        """

    def resolve(self, platform: Platform) -> BaseImage:
        """Return the image of *platform*.

        Raises ImageError when there is none, with the platforms that there are.
        """

    def open(self, blob: Descriptor) -> VerifyingReader:
        """Return the bytes of *blob* to be read once; at their end they have been checked.

        Raises ImageError when there is no such blob.
        """


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
