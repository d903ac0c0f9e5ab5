"""Opens the image in a file or a folder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.archive_writer import INDEX_JSON
from hatch_multiarch.oci.docker_archive import MANIFEST_JSON, DockerArchiveSource
from hatch_multiarch.oci.file_store import FolderStore
from hatch_multiarch.oci.layout_source import LayoutSource
from hatch_multiarch.oci.tar_store import BLOCK, TarStore, unpacked
from hatch_multiarch.oci.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.file_store import Store

ImageFile = LayoutSource | DockerArchiveSource
"""What a file or a folder of an image is read by."""
ENTRY = 4 * BLOCK
"""Bytes of headers and padding for each file."""
SLACK = 1 << 20
"""Bytes of an archive for small files that no descriptor names, and for its end."""


@contextmanager
def open_image(path: Path, *, parts: bool = False) -> Iterator[ImageFile]:
    """Open the archive or the layout folder *path*. Raises ImageError for what is neither.

    *parts*: blobs will be read in parts, from any place. An archive behind gzip is unpacked to a
    temporary file then, up to what its manifests declare.
    """
    if path.is_dir():
        _refuse(path)
        yield _source(FolderStore(path))
        return
    if not path.is_file():
        raise ImageError(f"{path}: neither a file nor a folder")
    try:
        file = path.open("rb")
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from None
    with file:
        store = TarStore(file, str(path))
        source = _source(store)
        if not (parts and store.packed):
            yield source
            return
        with unpacked(file, str(path), _declared(source)) as plain:
            yield _source(TarStore(plain, str(path)))


@contextmanager
def open_layout(path: Path) -> Iterator[LayoutSource]:
    """Open the OCI archive or layout folder *path*. Raises ImageError for what is neither."""
    with open_image(path) as source:
        if not isinstance(source, LayoutSource):
            raise ImageError(f"{path}: {INDEX_JSON} is missing")
        yield source


def _source(store: Store) -> ImageFile:
    if store.size(INDEX_JSON) is not None:
        return LayoutSource(store)
    if store.size(MANIFEST_JSON) is not None:
        return DockerArchiveSource(store)
    raise ImageError(
        f"{store.source}: neither {INDEX_JSON} (OCI) nor {MANIFEST_JSON} (docker save) is in it",
        advice="inspect takes an OCI archive or layout, an archive of `docker save`, or the "
        "name of a pushed image",
    )


def _declared(source: ImageFile) -> int:
    """Return how many bytes of the archive the descriptors in it account for."""
    blobs: list[Descriptor] = []
    if isinstance(source, LayoutSource):
        walk = Walk(source)
        for visit in walk.visits(source.index().manifests):
            each = visit.descriptor
            manifest = None if visit.index else walk.manifest(each)
            blobs += [each, *(manifest.blobs if manifest else ())]
    else:
        blobs += [blob for image in source.images() for blob in (image.config, *image.layers)]
    sizes = {source.path(each.digest): each.size for each in blobs}
    held = sum(size for path, size in sizes.items() if source.store.size(path) == size)
    return held + len(source.store.names()) * ENTRY + SLACK


def _refuse(folder: Path) -> None:
    """Raise ImageError for folders that are often taken for an image, saying what they are."""
    if (folder / INDEX_JSON).is_file():
        return
    if (folder / MANIFEST_JSON).is_file() and (folder / "version").is_file():
        raise ImageError(
            f"{folder}: a folder of skopeo's `dir:`, one platform without names",
            advice="copy to oci:FOLDER or oci-archive:FILE instead",
        )
    platforms = sorted(
        each.name.replace("_", "/") for each in folder.glob("linux_*") if each.is_dir()
    )
    if platforms:
        raise ImageError(
            f"{folder}: the files of {', '.join(platforms)} (output `local`), not an image",
            advice="open them directly; inspect the output `oci` or `layout`",
        )
    raise ImageError(f"{folder}: no OCI layout: index.json is missing")
