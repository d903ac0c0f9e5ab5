"""An OCI layout, be it a folder or an archive of one (OCI image-spec 1.1, image-layout.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.annotations import IMAGE_NAME, REF_NAME
from hatch_multiarch.oci.archive_source import ArchiveSource
from hatch_multiarch.oci.archive_writer import INDEX_JSON
from hatch_multiarch.oci.documents import parse, table
from hatch_multiarch.oci.file_store import FolderStore
from hatch_multiarch.oci.manifest import Index, parse_manifest

if TYPE_CHECKING:
    from hatch_multiarch.oci.descriptor import Descriptor


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
