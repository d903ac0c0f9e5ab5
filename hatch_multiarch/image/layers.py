"""A layer: files of one platform as a reproducible ``tar+gzip``.

OCI image-spec 1.1, layer.md. Owner, mode, mtime and order are fixed. The content of a helper is a
member of the gzip file, with the same deflate stream that the wheel has; what stands between such
members is compressed in segments.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.deflate import GzipWriter, changed
from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.tar_writer import Sink, Source, Tar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_multiarch.deflate import Streams
    from hatch_multiarch.engine.base import Binary
    from hatch_multiarch.plan import Unit

FOLDER = "usr/local/bin"
"""Where the helpers are in the image."""


@dataclass(frozen=True)
class Layer:
    """A layer, written."""

    path: Path
    digest: str
    """Of the compressed bytes; the registry's name of it."""
    diff_id: str
    """Digest of the uncompressed tar (image-spec config.md, "Layer DiffID")."""
    size: int
    """Compressed, in bytes."""
    files: dict[str, str]
    """Path in the image (no leading slash) -> sha256, hex."""


class LayerWriter:
    """Writes a layer to the new file *path*; ``epoch`` (seconds) is every mtime in it."""

    def __init__(self, path: Path, streams: Streams, *, epoch: int) -> None:
        self._path = path
        self._streams = streams
        self._out = path.open("xb")
        self._packed = Sink(self._out)
        self._gzip = GzipWriter(self._packed)
        self._plain = Sink(self._gzip)
        self._files: dict[str, str] = {}
        self.tar = Tar(self._plain, epoch=epoch)
        """Takes folders and links; files go through ``file``."""

    def file(self, name: str, source: Path, sha256: str, *, mode: int) -> None:
        """Add *source*, whose content has the digest *sha256* (hex), as the file *name*.

        Raises AuditError when it has another one.
        """
        stream = self._streams.get(sha256)
        with source.open("rb") as file:
            begin = None if stream is None else lambda: self._gzip.ready(stream)
            reader = Source(file, begin)
            self.tar.file(name, reader, source.stat().st_size, mode=mode)
        if reader.sha256 != sha256:
            raise changed(str(source), reader.sha256, sha256)
        self._files[name] = sha256

    def finish(self) -> Layer:
        """Write the end of the layer and return what it is."""
        self.tar.close()
        self._gzip.close()
        self.close()
        return Layer(
            self._path, self._packed.digest, self._plain.digest, self._packed.size, self._files
        )

    def close(self) -> None:
        """Close the file."""
        self._out.close()


def helper_path(unit: Unit) -> str:
    """Return where the helper of *unit* lies in the image: ``usr/local/bin/greet``."""
    return f"{FOLDER}/{unit.helper.name}"


def write_layer(
    path: Path, binaries: Sequence[Binary], streams: Streams, *, epoch: int, workdir: str = ""
) -> Layer:
    """Write *binaries* as one layer to the new file *path*; ``epoch`` in seconds is every mtime.

    It holds the folder *workdir* (absolute) too, as an image by WORKDIR of a Dockerfile does.
    Raises ImageError for a *workdir* that is not a folder, and AuditError when the bytes are not
    those that were built.
    """
    folders = {*_parents(FOLDER), *_parents(workdir.strip("/"))}
    for binary in binaries:
        if helper_path(binary.unit) in folders:
            raise ImageError(
                f"tool.multiarch.image.workdir: {workdir} leads through the helper "
                f"/{helper_path(binary.unit)}"
            )
    with closing(LayerWriter(path, streams, epoch=epoch)) as layer:
        for folder in sorted(folders):
            layer.tar.folder(folder)
        for binary in sorted(binaries, key=lambda each: helper_path(each.unit)):
            layer.file(helper_path(binary.unit), binary.path, binary.sha256, mode=0o755)
        return layer.finish()


def _parents(folder: str) -> list[str]:
    """Return *folder* and all above it, outermost first; nothing above an empty one."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
