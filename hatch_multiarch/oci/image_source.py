"""ImageSource: what a layout folder, an OCI archive and a registry are read through.

The bytes of a blob come through a ``VerifyingReader``, which fails unless they are what the
descriptor says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.descriptor import hasher
from hatch_multiarch.oci.documents import LIMIT, parse, table
from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hatch_multiarch.oci.descriptor import Descriptor


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


def chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file."""
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            yield data


class VerifyingReader:
    """A blob, readable once. At its end, its size and digest have been compared."""

    def __init__(self, chunks: Iterator[bytes], blob: Descriptor, where: str) -> None:
        self._chunks = chunks
        self._blob = blob
        self._where = f"{where}: {blob.digest}"
        self._hash = hasher(blob.digest)
        self._size = 0
        self._rest = b""
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """Return at most *size* bytes, or all. Raises ImageError at the end of other bytes."""
        while size < 0 or len(self._rest) - self._at < size:
            data = next(self._chunks, b"")
            if not data:
                self._end()
                break
            self._hash.update(data)
            self._size += len(data)
            if self._size > self._blob.size:
                raise ImageError(f"{self._where}: larger than the {self._blob.size} bytes declared")
            self._rest, self._at = self._rest[self._at :] + data, 0
        end = len(self._rest) if size < 0 else self._at + size
        data = self._rest[self._at : end]
        self._at += len(data)
        return data

    def drain(self) -> None:
        """Read what is left, for the check at the end."""
        while self.read(CHUNK):
            pass

    def _end(self) -> None:
        if self._size != self._blob.size:
            raise ImageError(
                f"{self._where}: {self._size} bytes, but the manifest says {self._blob.size}"
            )
        if self._hash.hexdigest() != self._blob.digest.partition(":")[2]:
            raise ImageError(f"{self._where}: the bytes don't match this digest")
