"""The base class of archives and folders: ImageSources whose blobs are files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.descriptor import Descriptor, blob_path, check_digest
from hatch_multiarch.oci.documents import LIMIT
from hatch_multiarch.oci.verifying_reader import VerifyingReader

if TYPE_CHECKING:
    from hatch_multiarch.oci.file_store import Store


class ArchiveSource:
    """An ImageSource over the files of *store*; *source* is how messages name it."""

    def __init__(self, store: Store, source: str = "") -> None:
        self.store = store
        self.source = source or store.source
        self.paths: dict[str, str] = {}
        """Digest -> file, where blobs are not kept under their digests."""

    def path(self, digest: str) -> str:
        """Return the name of the file that holds the blob *digest*, which is checked."""
        return self.paths.get(digest) or blob_path(digest)

    def size(self, digest: str) -> int:
        """Return the size of the blob *digest* in bytes. Raises ImageError when it is missing."""
        size = self.store.size(self.path(digest))
        if size is None:
            raise ImageError(f"{self.source}: {self.path(digest)} is missing")
        return size

    def document(self, wanted: Descriptor) -> bytes | None:
        """Return the bytes of an index or a manifest; None when it is not there."""
        path = self.path(wanted.digest)
        return None if self.store.size(path) is None else self.small(path)

    def open(self, blob: Descriptor) -> VerifyingReader:
        """Return the bytes of *blob*, to be read once. Raises ImageError when it is not there."""
        self.size(blob.digest)
        return VerifyingReader(self.store.chunks(self.path(blob.digest)), blob, self.source)

    def describe(self, digest: str) -> Descriptor:
        """Return a descriptor of the blob *digest*; its size is that of the file.

        Raises ImageError when it is no digest, or the blob is missing.
        """
        return Descriptor("", check_digest(digest, self.source), self.size(digest))

    def read(self, digest: str, start: int, size: int) -> bytes:
        """Return at most *size* bytes of a blob from *start*; for several threads at once."""
        return self.store.read(self.path(digest), start, size)

    def small(self, name: str) -> bytes:
        """Return the file *name*. Raises ImageError when it is missing, or is above LIMIT."""
        size = self.store.size(name)
        if size is None:
            raise ImageError(f"{self.source}: {name} is missing")
        if size > LIMIT:
            raise ImageError(
                f"{self.source}: {name}: {size} bytes are too many for an image document"
            )
        return b"".join(self.store.chunks(name))
