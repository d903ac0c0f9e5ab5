"""A reader that counts and hashes a blob, and fails unless it is what its descriptor says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.descriptor import hasher
from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hatch_multiarch.oci.descriptor import Descriptor


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
