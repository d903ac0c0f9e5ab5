"""An OCI layout, be it a folder or an archive of one (OCI image-spec 1.1, image-layout.md).

``ArchiveSource`` is for all archives and folders: an ImageSource whose blobs are files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.archive_writer import INDEX_JSON
from hatch_multiarch.oci.descriptor import Descriptor, blob_path, check_digest
from hatch_multiarch.oci.documents import LIMIT, parse, table
from hatch_multiarch.oci.file_store import FolderStore
from hatch_multiarch.oci.image_source import VerifyingReader
from hatch_multiarch.oci.manifest import Index, parse_manifest
from hatch_multiarch.oci.media_types import IMAGE_NAME, REF_NAME

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


class LayoutSource(ArchiveSource):
    """The images of a layout."""

    @property
    def kind(self) -> Literal["oci-layout", "oci-archive"]:
        """``oci-layout`` for a folder, ``oci-archive`` for a file."""
        return "oci-layout" if isinstance(self.store, FolderStore) else "oci-archive"

    def index(self) -> Index:
        """Return what is in ``index.json``, at least one descriptor. Raises ImageError."""
        where = f"{self.source}: {INDEX_JSON}"
        document = table(parse(self.small(INDEX_JSON), where), where)
        found = parse_manifest({"manifests": [], **document}, "", where)
        if not isinstance(found, Index):
            raise ImageError(f"{where}: it is a manifest, not an index")
        if not found.manifests:
            raise ImageError(f"{where}: it contains no image")
        return found

    def roots(self) -> list[tuple[Descriptor, tuple[str, ...]]]:
        """Return the descriptors of ``index.json``, each digest once, with the names it has."""
        named: dict[str, tuple[Descriptor, list[str]]] = {}
        for each in self.index().manifests:
            _, names = named.setdefault(each.digest, (each, []))
            names += filter(None, [name_of(each)])
        return [(each, tuple(names)) for each, names in named.values()]


def name_of(each: Descriptor) -> str:
    """Return the name that ``index.json`` gives an image: a whole one, else perhaps a tag."""
    return each.annotations.get(IMAGE_NAME) or each.annotations.get(REF_NAME, "")
