"""Archives of layouts, written as a stream of bytes: to a file, or to whoever reads them."""

from __future__ import annotations

import posixpath
import tarfile
from typing import TYPE_CHECKING, NamedTuple

from hatch_multiarch import files as disk
from hatch_multiarch.oci.documents import encode
from hatch_multiarch.oci.image_source import chunks
from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.image_source import ImageSource


INDEX_JSON = "index.json"


class File(NamedTuple):
    """The content of a file in an archive."""

    size: int
    """In bytes."""
    read: Callable[[], Iterable[bytes]]
    """Called when its turn has come."""


def layout_files(index: Mapping[str, object]) -> dict[str, File]:
    """Return the files beside the blobs of a layout whose ``index.json`` is *index*."""
    version = {"imageLayoutVersion": "1.0.0"}
    return {INDEX_JSON: json_file(index), "oci-layout": json_file(version)}


def json_file(document: object) -> File:
    """Return a file that holds *document* as JSON."""
    return bytes_file(encode(document))


def bytes_file(data: bytes) -> File:
    """Return a file that holds *data*."""
    return File(len(data), lambda: (data,))


def blob_file(source: ImageSource, blob: Descriptor) -> File:
    """Return a file that holds *blob* of *source*; reading it raises ImageError for other bytes."""

    def read() -> Iterator[bytes]:
        reader = source.open(blob)
        while data := reader.read(CHUNK):
            yield data

    return File(blob.size, read)


def disk_file(path: Path) -> File:
    """Return a file that holds what *path* does."""
    return File(path.stat().st_size, lambda: chunks(path))


def layout_archive(
    files: Mapping[str, File], *, epoch: int, order: Callable[[str], Any] | None = None
) -> Iterator[bytes]:
    """Yield the tar archive of *files*, path -> content, and the folders above them.

    Its bytes follow from paths and contents alone: sorted by path unless *order* is a key, owner
    0:0, and *epoch* (seconds) as every time.
    """
    size = 0
    folders = {posixpath.dirname(path) for path in files} - {""}
    folders |= {posixpath.dirname(path) for path in folders} - {""}
    for name in sorted(folders):
        header = _header(name, None, epoch)
        size += len(header)
        yield header
    for name in sorted(files, key=order):
        file = files[name]
        header = _header(name, file.size, epoch)
        yield header
        yield from file.read()
        padding = bytes(-file.size % tarfile.BLOCKSIZE)
        yield padding
        size += len(header) + file.size + len(padding)
    size += 2 * tarfile.BLOCKSIZE
    yield bytes(2 * tarfile.BLOCKSIZE + -size % tarfile.RECORDSIZE)


def write_archive(target: Path, chunks: Iterable[bytes]) -> None:
    """Write *chunks* as the file *target*, which has its name when it is whole."""
    with disk.writing(target) as out:
        for data in chunks:
            out.write(data)


def _header(name: str, size: int | None, epoch: int) -> bytes:
    """Return the header of a file, or of a folder where *size* is None."""
    entry = tarfile.TarInfo(name)
    entry.mtime, entry.mode = epoch, 0o755 if size is None else 0o644
    entry.type = tarfile.DIRTYPE if size is None else tarfile.REGTYPE
    entry.size = size or 0
    return entry.tobuf(tarfile.PAX_FORMAT)
