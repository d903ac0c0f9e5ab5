"""All that a registry needs of an image in an archive or a folder, found from its index down."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.inspect.walk import DEPTH, MOST
from hatch_multiarch.oci import documents
from hatch_multiarch.oci.documents import INDEXES, MANIFESTS, Entry
from hatch_multiarch.registry.records import Blob, Content, Document

if TYPE_CHECKING:
    from hatch_multiarch.inspect.archive import Archive
    from hatch_multiarch.inspect.records import Image


def content(archive: Archive, image: Image) -> Content:
    """Return what is to be pushed so that *image* of *archive* is whole in a registry.

    The archive stays open as long as the content is read. Raises ImageError when a part is missing
    or contradicts another.
    """
    found = _Content(archive)
    if image.digest:
        size = archive.size(image.digest)
        found.add(Entry(image.media_type, image.digest, size, "", {}), 0)
    elif archive.store.size("index.json") is not None:
        # An image without an index of its own: that of the layout is one.
        data = archive.small("index.json")
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        found.take(data, Entry(image.media_type, digest, len(data), "", {}), 0)
    else:
        raise ImageError(
            f"{archive.source}: it holds no manifests, as older archives of `docker save` do not",
            advice="`docker push` the image, or save it with a newer docker",
        )
    return Content(
        tuple(found.blobs.values()),
        tuple(found.documents.values()),
        lambda digest, start, size: archive.store.read(archive.place(digest), start, size),
    )


class _Content:
    """What was found so far, each part once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.blobs: dict[str, Blob] = {}
        self.documents: dict[str, Document] = {}

    def add(self, entry: Entry, depth: int) -> None:
        """Add an index or a manifest, and all below it."""
        if entry.digest in self.documents:
            return
        data = self._archive.data(entry)
        if data is None:
            raise ImageError(
                f"{self._archive.source}: {entry.platform or entry.digest} is listed, but not in "
                "the archive",
                advice="pull every platform before `docker save`, or push from where they are",
            )
        self.take(data, entry, depth)

    def take(self, data: bytes, entry: Entry, depth: int) -> None:
        """Add the index or manifest *data*, below *depth* indexes."""
        where = f"{self._archive.source}: {entry.digest}"
        document = documents.table(documents.parse(data, where), where)
        media_type = documents.kind(document, entry.media_type, where)
        if media_type in INDEXES:
            if depth == DEPTH:
                raise ImageError(f"{where}: more than {DEPTH} indexes inside each other")
            for each in documents.entries(document, "manifests", where):
                self.add(each, depth + 1)
        elif media_type in MANIFESTS:
            self._blob(documents.entry(document.get("config"), f"{where}: config"))
            for each in documents.entries(document, "layers", where):
                self._blob(each)
        else:
            raise ImageError(f"{where}: {media_type} is neither an index nor a manifest")
        self.documents[entry.digest] = Document(media_type, entry.digest, data)
        if len(self.documents) > MOST:
            raise ImageError(f"{where}: more than {MOST} manifests are no image")

    def _blob(self, entry: Entry) -> None:
        size = self._archive.size(entry.digest)
        if size != entry.size:
            place = self._archive.place(entry.digest)
            raise ImageError(
                f"{self._archive.source}: {place}: {size} bytes, where the manifest says "
                f"{entry.size}"
            )
        self.blobs[entry.digest] = Blob(entry.digest, size)
