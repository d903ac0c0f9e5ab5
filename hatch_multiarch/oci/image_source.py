"""ImageSource: what a layout folder, an OCI archive and a registry are read through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.documents import LIMIT, parse, table

if TYPE_CHECKING:
    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.verifying_reader import VerifyingReader


class ImageSource(Protocol):
    """An image or several, read by descriptor."""

    source: str
    """How messages name it."""

    def document(self, wanted: Descriptor) -> bytes | None:
        """Return the bytes of an index or a manifest; None when the source does not hold it.

        The caller compares them with the descriptor. Raises ImageError for more than LIMIT bytes,
        and RegistryError.
        """

    def open(self, blob: Descriptor) -> VerifyingReader:
        """Return the bytes of a config or a layer, to be read once.

        At their end they have been compared with the descriptor. Raises ImageError when the blob
        is not there, and RegistryError.
        """


def read_config(source: ImageSource, config: Descriptor, where: str) -> dict[str, Any]:
    """Return the JSON of *config*; *where* names it. Raises ImageError, and RegistryError."""
    if config.size > LIMIT:
        raise ImageError(f"{where}: {config.size} bytes are too many for an image document")
    return table(parse(source.open(config).read(), where), where)
