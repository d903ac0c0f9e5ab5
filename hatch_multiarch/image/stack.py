"""Layers over a base: items in, blobs of a layout out, each of them written once."""

from __future__ import annotations

import gzip
from contextlib import closing
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.items import Item
from hatch_multiarch.image.layers import LEVEL, Layer
from hatch_multiarch.image.layout import LAYER
from hatch_multiarch.image.stream import Sink, Source, Tar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hatch_multiarch.image.base import Files
    from hatch_multiarch.image.layout import Descriptor, Layout

Folder = tuple[str, int, tuple[int, int]]
"""Path, mode and owner."""


class Stack:
    """Layers on their way into *layout*; equal ones of several platforms are one blob."""

    def __init__(self, layout: Layout, aside: Path, *, epoch: int) -> None:
        self._layout = layout
        self._aside = aside
        self._epoch = epoch
        self._made: dict[object, tuple[Descriptor, Layer]] = {}

    def add(self, items: Iterable[Item], tree: Files) -> tuple[Descriptor, Layer]:
        """Write *items* as a layer over the files *tree*; of a path that is twice the last counts.

        Raises ImageError when a file is no longer what it was, or would replace a folder.
        """
        placed = {}
        for item in items:
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
            layer = self._write(self._aside / f"layer-{len(self._made)}", ordered, folders)
            blob = self._layout.adopt(LAYER, layer.path, layer.digest, layer.size)
            self._made[key] = blob, layer
        return self._made[key]

    def _write(self, path: Path, items: Sequence[Item], folders: Sequence[Folder]) -> Layer:
        entries: list[tuple[str, Item | Folder]] = [(each[0], each) for each in folders]
        entries += [(each.path, each) for each in items]
        with path.open("xb") as out:
            packed = Sink(out)
            with gzip.GzipFile("", "wb", LEVEL, packed, mtime=0) as deflate:
                plain = Sink(deflate)
                with closing(Tar(plain, epoch=self._epoch)) as tar:
                    for _, entry in sorted(entries, key=lambda each: each[0]):
                        if isinstance(entry, Item):
                            _add(tar, entry)
                        else:
                            tar.folder(entry[0], mode=entry[1], owner=entry[2])
        files = {each.path: each.sha256 for each in items if each.source is not None}
        return Layer(path, packed.digest, plain.digest, packed.size, files)


def _add(tar: Tar, item: Item) -> None:
    if item.source is None:
        tar.link(item.path, item.target)
        return
    with item.source.open("rb") as file:
        source = Source(file)
        tar.file(item.path, source, item.source.stat().st_size, mode=item.mode)
    if source.sha256 != item.sha256:
        raise ImageError(
            f"{item.source} changed after it was read",
            advice="build again, with nothing else writing to that folder",
        )


def _folders(items: Iterable[Item], tree: Files) -> list[Folder]:
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
