"""A base in a file or folder of the project: an OCI layout or an archive of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.image import base_image, entries_of
from hatch_multiarch.image.base.platforms import choose
from hatch_multiarch.oci import documents
from hatch_multiarch.oci.documents import INDEXES, LIMIT, Entry
from hatch_multiarch.oci.layout import Descriptor
from hatch_multiarch.oci.store import FolderStore, TarStore
from hatch_multiarch.oci.verifying_reader import Verified

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.image.base.records import BaseImage
    from hatch_multiarch.oci.store import Store
    from hatch_multiarch.platforms import Platform


class LocalBase:
    """The OCI layout *path* (image-layout.md), be it a folder or an archive.

    Raises ImageError when it is none, or holds several images. A file stays open until ``close``.
    """

    def __init__(self, path: Path, source: str) -> None:
        self.source = source
        self.name = ""
        self.digest = ""
        self._file = None if path.is_dir() else path.open("rb")
        try:
            self._store: Store
            self._store = TarStore(self._file, source) if self._file else FolderStore(path)
            self._found = self._manifests()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the archive."""
        if self._file is not None:
            self._file.close()

    def resolve(self, platform: Platform) -> BaseImage:
        """Return the image of *platform*. Raises ImageError."""
        return base_image(self, choose(self._found, platform, self.source), platform)

    def document(self, wanted: Entry) -> Any:
        """Return an index, a manifest or a config. Raises ImageError."""
        where = f"{self.source}: {wanted.digest}"
        if wanted.size > LIMIT:
            raise ImageError(f"{where}: {wanted.size} bytes are too many for a document")
        blob = Descriptor(wanted.media_type, wanted.digest, wanted.size)
        return documents.table(documents.parse(self.open(blob).read(), where), where)

    def open(self, blob: Descriptor) -> Verified:
        """Return the bytes of *blob* to be read once. Raises ImageError when it is not there."""
        documents.checked(blob.digest, self.source)
        name = f"blobs/{blob.digest.replace(':', '/')}"
        if self._store.size(name) is None:
            raise ImageError(
                f"{self.source}: {blob.digest} is not there",
                advice="copy the base with all its platforms, as `skopeo copy --all` does",
            )
        return Verified(self._store.chunks(name), blob, self.source)

    def _manifests(self) -> list[Entry]:
        """Read ``index.json``, which names an image, or is the index of one without a name."""
        where = f"{self.source}: index.json"
        if self._store.size("index.json") is None:
            raise ImageError(
                f"tool.multiarch.image.base: {self.source} is no OCI layout: index.json is missing",
                advice="make one with `skopeo copy --all docker://NAME oci-archive:FILE`",
            )
        data = b"".join(self._store.chunks("index.json"))
        index = documents.table(documents.parse(data, where), where)
        listed = list(
            {each.digest: each for each in documents.entries(index, "manifests", where)}.values()
        )
        if len(listed) > 1 and any(each.media_type in INDEXES or _name(each) for each in listed):
            names = ", ".join(_name(each) or each.digest for each in listed)
            raise ImageError(
                f"tool.multiarch.image.base: {self.source} holds several images ({names})",
                advice="copy the one to start from into a layout of its own",
            )
        self.digest = listed[0].digest if len(listed) == 1 else ""
        return entries_of(self, listed)


def _name(each: Entry) -> str:
    return each.annotations.get("org.opencontainers.image.ref.name", "")
