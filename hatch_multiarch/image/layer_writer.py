"""Writes layers, each a reproducible ``tar+gzip`` (OCI image-spec 1.1, layer.md).

Owner, mode, mtime and order are fixed. The content of a helper is a member of the gzip file, with
the same deflate stream that the wheel has; what stands between such members is compressed in
segments. Layers that are equal on several platforms are written once.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from hatch_multiarch.cache.deflate import LEVEL, changed, compressor
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.items import Item, parents
from hatch_multiarch.oci.descriptor import Descriptor
from hatch_multiarch.oci.gzip_writer import GzipWriter
from hatch_multiarch.oci.media_types import LAYER
from hatch_multiarch.oci.tar_writer import Sink, Source, Tar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.cache.deflate import Streams
    from hatch_multiarch.image.base import Filesystem
    from hatch_multiarch.image.items import Part
    from hatch_multiarch.oci.layout import Layout

Folder = tuple[str, int, tuple[int, int]]
"""Path, mode and owner."""
Entry = Item | Folder


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


class LayerFile:
    """The new file *path* in which a layer is written; ``epoch`` (seconds) is every mtime in it."""

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


class LayerWriter:
    """Writes layers into *layout*, in the folder *aside* first; may be used by several threads.

    Layers that are likely to last are kept in *cache* for the next build. ``epoch`` is in seconds.
    """

    def __init__(
        self, layout: Layout, aside: Path, streams: Streams, cache: BuildCache, *, epoch: int
    ) -> None:
        self._layout = layout
        self._aside = aside
        self._streams = streams
        self._cache = cache
        self._epoch = epoch
        self._made: dict[object, Future[tuple[Descriptor, Layer]]] = {}
        self._lock = Lock()
        """Held to look into ``_made``, and for what only one thread may do at a time."""

    def add(self, part: Part, tree: Filesystem) -> tuple[Descriptor, Layer]:
        """Write *part* as a layer over the files *tree*; of a path that is twice the last counts.

        Raises ImageError when a file would replace a folder, and AuditError when one is no longer
        what it was.
        """
        placed = {}
        for item in part.items:
            found = tree.find(item.path)
            if found is not None and found.kind == "folder":
                raise ImageError(f"/{item.path} is a folder of the base, and a file of the image")
            # Written through a link of the base, the path would replace that link.
            path = tree.place(item.path)
            placed[path] = Item(path, item.sha256, item.mode, item.source, item.target)
        first = _folders((f"{each}/" for each in part.folders), tree)
        rest: list[tuple[str, Entry]] = [(each.path, each) for each in placed.values()]
        rest += [(each[0], each) for each in _folders(placed, tree) if each not in first]
        entries = (*first, *(entry for _, entry in sorted(rest, key=lambda each: each[0])))
        key = tuple(each.same if isinstance(each, Item) else each for each in entries)
        with self._lock:
            mine = key not in self._made
            future = self._made.setdefault(key, Future())
            file = self._aside / f"layer-{len(self._made)}"
        if mine:
            try:
                future.set_result(self._make(file, part, entries, key))
            except BaseException as error:  # also Ctrl-C: other threads wait for the layer
                future.set_exception(error)
                raise
        return future.result()

    def _make(
        self, path: Path, part: Part, entries: Sequence[Entry], key: object
    ) -> tuple[Descriptor, Layer]:
        """Return the layer of an earlier build, or a new one that is written to *path*."""
        inputs = (key, self._epoch, compressor().name, LEVEL, *sys.version_info[:2])
        with self._lock:
            kept = self._recalled(inputs, entries) if part.lasting else None
            if kept is not None:
                return kept
            if part.unpack is not None:
                part.unpack()
        layer = self._write(path, entries)
        if part.lasting:
            self._cache.keep(layer.path, layer.digest.partition(":")[2], "layer")
            told = {"digest": layer.digest, "diff_id": layer.diff_id, "size": layer.size}
            self._cache.note(told, "layer", *inputs)
        return self._layout.adopt(LAYER, layer.path, layer.digest, layer.size), layer

    def _recalled(
        self, inputs: Sequence[object], entries: Sequence[Entry]
    ) -> tuple[Descriptor, Layer] | None:
        """Return the layer of an earlier build, if it is kept and whole."""
        told = self._cache.recall("layer", *inputs)
        path = self._cache.file(told["digest"].partition(":")[2], "layer") if told else None
        if path is None:
            return None
        blob = Descriptor(LAYER, told["digest"], told["size"])
        try:
            if path.stat().st_size != blob.size:
                return None
            with path.open("rb") as file:
                self._layout.copy(blob, file)
        except OSError:
            return None
        items = [each for each in entries if isinstance(each, Item) and each.source is not None]
        files = {each.path: each.sha256 for each in items}
        return blob, Layer(path, blob.digest, told["diff_id"], blob.size, files)

    def _write(self, path: Path, entries: Iterable[Entry]) -> Layer:
        with closing(LayerFile(path, self._streams, epoch=self._epoch)) as layer:
            for entry in entries:
                if not isinstance(entry, Item):
                    layer.tar.folder(entry[0], mode=entry[1], owner=entry[2])
                elif entry.source is None:
                    layer.tar.link(entry.path, entry.target)
                else:
                    layer.file(entry.path, entry.source, entry.sha256, mode=entry.mode)
            return layer.finish()


def _folders(paths: Iterable[str], tree: Filesystem) -> list[Folder]:
    """Return the folders above *paths*: those of the base as they are there, new ones as 0755.

    A layer without them leaves them to the runtime, and some make them anew, with another mode.
    """
    found = []
    for path in sorted({folder for each in paths for folder in parents(each)}):
        node = tree.find(path)
        found.append((path, node.mode, node.owner) if node else (path, 0o755, (0, 0)))
    return found
