"""A base in a registry, pulled through the cache: only what the platforms asked for need."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.image import base_image, entries_of
from hatch_multiarch.image.base.platforms import choose
from hatch_multiarch.oci import documents
from hatch_multiarch.oci.documents import CONFIGS, LIMIT, Entry
from hatch_multiarch.oci.verifying_reader import Verified, chunks
from hatch_multiarch.registry import Blob

if TYPE_CHECKING:
    from hatch_multiarch.image.base.records import BaseImage
    from hatch_multiarch.oci.layout import Descriptor
    from hatch_multiarch.platforms import Platform
    from hatch_multiarch.registry import Puller


class RegistryBase:
    """The image that *puller* pulls; *source* is how the project names it.

    A registry is asked when there is something to ask: blobs that the cache has are read there.
    """

    def __init__(self, puller: Puller, source: str) -> None:
        self.source = source
        self._puller = puller

    @cached_property
    def digest(self) -> str:
        """Of its index, or of its one manifest; a tag is asked for once. Raises RegistryError."""
        return self._puller.digest()

    @property
    def name(self) -> str:
        """How the world names it: with the registry, and without the digest."""
        reference = self._puller.reference
        return f"{reference.name}:{reference.tag}" if reference.tag else reference.name

    def resolve(self, platform: Platform) -> BaseImage:
        """Return the image of *platform*, its layers pulled.

        Raises ImageError, and RegistryError.
        """
        image = base_image(self, choose(self._found, platform, self.source), platform)
        self._puller.fetch([Blob(each.digest, each.size) for each in image.layers])
        return image

    def document(self, wanted: Entry) -> Any:
        """Return an index, a manifest or a config. Raises ImageError, and RegistryError."""
        where = f"{self.source}: {wanted.digest}"
        if wanted.media_type in CONFIGS:
            if wanted.size > LIMIT:
                raise ImageError(f"{where}: {wanted.size} bytes are too many for a document")
            data = self._puller.path(Blob(wanted.digest, wanted.size)).read_bytes()
        else:
            data = self._puller.manifest(wanted.digest)
        if wanted.size:  # the root is known by its digest alone
            documents.verify(data, wanted, where)
        return documents.table(documents.parse(data, where), where)

    def open(self, blob: Descriptor) -> Verified:
        """Return the bytes of *blob* to be read once. Raises ImageError, and RegistryError."""
        path = self._puller.path(Blob(blob.digest, blob.size))
        return Verified(chunks(path), blob, self.source)

    @cached_property
    def _found(self) -> list[Entry]:
        return entries_of(self, [Entry("", self.digest, 0, "", {})])
