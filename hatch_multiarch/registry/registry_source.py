"""A pushed image as an ImageSource: its documents and blobs, through the cache."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hatch_multiarch.oci.descriptor import Descriptor
from hatch_multiarch.oci.image_source import VerifyingReader, chunks

if TYPE_CHECKING:
    from hatch_multiarch.registry.pull import Puller


class RegistrySource:
    """The image that *puller* pulls; *source* is its name as it was given.

    A registry is asked when there is something to ask: what the cache has is read there.
    """

    def __init__(self, puller: Puller, source: str) -> None:
        self.source = source
        self._puller = puller

    @cached_property
    def digest(self) -> str:
        """Of what the reference names; a tag is asked for once. Raises RegistryError."""
        return self._puller.digest()

    @cached_property
    def root(self) -> Descriptor:
        """What the reference names. Raises RegistryError, and ImageError."""
        return Descriptor("", self.digest, len(self._puller.manifest(self.digest)))

    def document(self, wanted: Descriptor) -> bytes | None:
        """Return the bytes of an index or a manifest. Raises RegistryError, and ImageError."""
        return self._puller.manifest(wanted.digest)

    def open(self, blob: Descriptor) -> VerifyingReader:
        """Return the bytes of *blob* to be read once. Raises RegistryError, and ImageError."""
        return VerifyingReader(chunks(self._puller.path(blob)), blob, self.source)
