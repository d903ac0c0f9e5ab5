"""Layers over a base: items in, blobs of a layout out, each of them written once."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

from hatch_multiarch.deflate import LEVEL, compressor
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.verified import Verified, chunks
from hatch_multiarch.image.items import Item
from hatch_multiarch.image.layers import Layer, LayerWriter
from hatch_multiarch.image.layout import LAYER, Descriptor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hatch_multiarch.build_cache import BuildCache
    from hatch_multiarch.deflate import Streams
    from hatch_multiarch.image.base import Filesystem
    from hatch_multiarch.image.items import Part
    from hatch_multiarch.image.layout import Layout

Folder = tuple[str, int, tuple[int, int]]
"""Path, mode and owner."""


class Stack:
    """Layers on their way into *layout*; equal ones of several platforms are one blob.

    Those that are likely to last are kept in *cache* for the next build.
    """

    def __init__(
        self, layout: Layout, aside: Path, streams: Streams, cache: BuildCache, *, epoch: int
    ) -> None:
        self._layout = layout
        self._aside = aside
        self._streams = streams
        self._cache = cache
        self._epoch = epoch
        self._made: dict[object, tuple[Descriptor, Layer]] = {}

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
        ordered = sorted(placed.values(), key=lambda each: each.path)
        folders = _folders(ordered, tree)
        key = (tuple(each.same for each in ordered), tuple(folders))
        if key not in self._made:
            files = {each.path: each.sha256 for each in ordered if each.source is not None}
            inputs = (*key, self._epoch, compressor().name, LEVEL, *sys.version_info[:2])
            kept = self._recalled(inputs, files) if part.lasting else None
            self._made[key] = kept or self._new(part, ordered, folders, inputs)
        return self._made[key]

    def _recalled(
        self, inputs: Sequence[object], files: dict[str, str]
    ) -> tuple[Descriptor, Layer] | None:
        """Return the layer of an earlier build, if it is kept and whole."""
        told = self._cache.recall("layer", *inputs)
        path = self._cache.file(told["digest"].partition(":")[2], "layer") if told else None
        if path is None:
            return None
        blob = Descriptor(LAYER, told["digest"], told["size"])
        try:
            self._layout.copy(blob, Verified(chunks(path), blob, str(path)))
        except (ImageError, OSError):
            return None
        return blob, Layer(path, blob.digest, told["diff_id"], blob.size, files)

    def _new(
        self,
        part: Part,
        items: Sequence[Item],
        folders: Sequence[Folder],
        inputs: Sequence[object],
    ) -> tuple[Descriptor, Layer]:
        if part.unpack is not None:
            part.unpack()
        layer = self._write(self._aside / f"layer-{len(self._made)}", items, folders)
        if part.lasting:
            self._cache.keep(layer.path, layer.digest.partition(":")[2], "layer")
            told = {"digest": layer.digest, "diff_id": layer.diff_id, "size": layer.size}
            self._cache.note(told, "layer", *inputs)
        return self._layout.adopt(LAYER, layer.path, layer.digest, layer.size), layer

    def _write(self, path: Path, items: Sequence[Item], folders: Sequence[Folder]) -> Layer:
        entries: list[tuple[str, Item | Folder]] = [(each[0], each) for each in folders]
        entries += [(each.path, each) for each in items]
        with closing(LayerWriter(path, self._streams, epoch=self._epoch)) as layer:
            for _, entry in sorted(entries, key=lambda each: each[0]):
                if not isinstance(entry, Item):
                    layer.tar.folder(entry[0], mode=entry[1], owner=entry[2])
                elif entry.source is None:
                    layer.tar.link(entry.path, entry.target)
                else:
                    layer.file(entry.path, entry.source, entry.sha256, mode=entry.mode)
            return layer.finish()


def _folders(items: Iterable[Item], tree: Filesystem) -> list[Folder]:
    """Return the folders above *items*: those of the base as they are there, new ones as 0755.

    A layer without them leaves them to the runtime, and some make them anew, with another mode.
    """
    paths: set[str] = set()
    for item in items:
        parent = item.path.rpartition("/")[0]
        while parent and parent not in paths:
            paths.add(parent)
            parent = parent.rpartition("/")[0]
    found = []
    for path in sorted(paths):
        node = tree.find(path)
        found.append((path, node.mode, node.owner) if node else (path, 0o755, (0, 0)))
    return found
