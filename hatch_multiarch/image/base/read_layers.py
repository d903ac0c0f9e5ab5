"""Reads the files of a base: its layers applied in order, as containerd does, without unpacking.

OCI image-spec 1.1, layer.md ("Applying Changesets", "Whiteouts"). Every name is followed inside
the image only, whatever links are in it, and nothing is written but the few files that are asked
for, under names of our own.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.filesystem import TARGET, Filesystem, Kind, Node
from hatch_multiarch.oci.layer_reader import unpacked
from hatch_multiarch.oci.tar_store import BLOCK, UNREADABLE, Headers
from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hatch_multiarch.image.base.base_image import Base, BaseImage

ENTRIES = 500_000
"""Most entries of all layers together."""
KEPT = 256 << 20
"""Most bytes of all files together that are kept."""
LEAST = 4096
"""Bytes that even an empty file counts for."""
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
AUFS = ".wh..wh."
"""What aufs keeps for itself at the root; docker's old images have it still."""


def read_files(
    base: Base, image: BaseImage, keep: Callable[[str], int], folder: Path
) -> Filesystem:
    """Return the files of *image*; those whose paths *keep* wants are written into *folder*.

    *keep* tells the most bytes that a file at a path may have to be kept, 0 for none. Reads each
    layer once, to its end, and compares it with its digest and its diff_id. Raises ImageError when
    they differ, when a layer holds what no layer may, or when more than KEPT bytes are wanted.
    """
    tree = Filesystem()
    kept = _Kept(folder)
    for number in range(len(image.layers)):
        changes = _Changes(tree, number, _where(base, image, number), kept, keep)
        _read_layer(base, image, number, changes.apply)
        changes.end()
    return tree


def read_contents(
    base: Base, image: BaseImage, nodes: Iterable[Node], limit: int, folder: Path
) -> None:
    """Write the contents of *nodes* into *folder*; only the layers that hold them are read again.

    A file that is larger than *limit* bytes is passed over. Raises what ``read_files`` does.
    """
    wanted: dict[int, dict[int, list[Node]]] = {}
    for node in nodes:
        if node.content is not None and node.kept is None:
            number, index = node.content
            wanted.setdefault(number, {}).setdefault(index, []).append(node)
    kept = _Kept(folder)
    for number, inside in sorted(wanted.items()):
        copies = _Copies(inside, _where(base, image, number), kept, limit)
        _read_layer(base, image, number, copies.take)


def _where(base: Base, image: BaseImage, number: int) -> str:
    return f"{base.source}: {image.layers[number].digest}"


def _read_layer(
    base: Base,
    image: BaseImage,
    number: int,
    visit: Callable[[int, tarfile.TarInfo, Forward], None],
) -> None:
    """Let *visit* see each entry of a layer, with the number of the entry; check its digests."""
    layer, diff_id = image.layers[number], image.diff_ids[number]
    where = _where(base, image, number)
    blob = base.open(layer)
    with unpacked(blob, where) as file:
        forward = Forward(file)
        _entries(forward, where, visit)
        while forward.read(CHUNK):
            pass
    blob.drain()
    if forward.digest != diff_id:
        raise ImageError(f"{where}: unpacked it is {forward.digest}, the config says {diff_id}")


def _entries(
    file: Forward, where: str, visit: Callable[[int, tarfile.TarInfo, Forward], None]
) -> None:
    headers = Headers(cast("BinaryIO", file), where)
    try:
        # Any: typeshed leaves out `members`
        tar: Any = tarfile.TarFile(fileobj=cast("BinaryIO", headers))
        index = 0
        while (entry := tar.next()) is not None:
            tar.members.clear()
            visit(index, entry, file)
            index += 1
    except UNREADABLE as error:
        if isinstance(error, tarfile.ReadError) and not file.tell():
            return  # no bytes at all, as some builders write a step that changed nothing
        raise ImageError(f"{where}: not a readable tar: {error}") from None
    # tarfile takes any block that is no header for the end.
    if headers.last.strip(b"\0") or len(headers.last) not in (0, BLOCK):
        raise ImageError(f"{where}: not a readable tar: it is damaged or truncated")


class _Kept:
    """The files of all layers that are written into *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._size = 0

    def take(self, entry: tarfile.TarInfo, file: Forward, limit: int, where: str) -> Path | None:
        """Write the content of *entry*, which *file* is at, unless it is larger than *limit*.

        *where* names the layer. Raises ImageError when that is too much.
        """
        if not limit or entry.size > limit:
            return None
        self._size += max(entry.size, LEAST)
        if self._size > KEPT:
            raise ImageError(
                f"{where}: {entry.name[:80]!r}: more than {KEPT >> 20} MB to look into are no base"
            )
        handle, name = tempfile.mkstemp(dir=self._folder)
        left = entry.size
        with os.fdopen(handle, "wb") as copy:
            while left and (data := file.read(min(CHUNK, left))):
                copy.write(data)
                left -= len(data)
        return Path(name)


class _Copies:
    """Copies the contents of the nodes *wanted*, by the number of an entry in one layer."""

    def __init__(
        self, wanted: Mapping[int, Sequence[Node]], where: str, kept: _Kept, limit: int
    ) -> None:
        self._wanted = wanted
        self._where = where
        self._kept = kept
        self._limit = limit

    def take(self, index: int, entry: tarfile.TarInfo, file: Forward) -> None:
        if nodes := self._wanted.get(index):
            path = self._kept.take(entry, file, self._limit, self._where)
            for node in nodes:
                node.kept = path


class _Changes:
    """One layer on its way into *tree*."""

    def __init__(
        self,
        tree: Filesystem,
        number: int,
        where: str,
        kept: _Kept,
        keep: Callable[[str], int],
    ) -> None:
        self._tree = tree
        self._number = number
        self._where = where
        self._kept = kept
        self._keep = keep

    def apply(self, index: int, entry: tarfile.TarInfo, file: Forward) -> None:
        """Apply the entry with the number *index*, which *file* is at."""
        parts = self._parts(entry.name)
        if not parts:
            return
        name = parts[-1]
        if name == OPAQUE:
            self._tree.empty(parts[:-1], self._number)
        elif name.startswith(WHITEOUT) and not (name.startswith(AUFS) and len(parts) == 1):
            self._tree.remove([*parts[:-1], name.removeprefix(WHITEOUT)], self._number)
        else:
            node = self._node(entry)
            if node.kind == "file" and entry.isreg() and entry.sparse is None:
                node.content = (self._number, index)
                limit = self._keep("/".join(parts))
                node.kept = self._kept.take(entry, file, limit, self._where)
            self._tree.add(parts, node)
        if self._tree.count > ENTRIES:
            raise ImageError(f"{self._where}: more than {ENTRIES} files are no base")

    def end(self) -> None:
        """Remove what aufs left at the root: until here hard links may lead to it."""
        root = self._tree.find("")
        for name in [*root.children] if root is not None else ():
            if name.startswith(AUFS):
                self._tree.remove([name], self._number + 1)

    def _node(self, entry: tarfile.TarInfo) -> Node:
        owner = (entry.uid, entry.gid)
        if entry.islnk():
            target = self._tree.find("/".join(self._parts(entry.linkname)), follow=False)
            if target is None or target.kind == "folder":
                why = "not in the image" if target is None else "a folder"
                raise ImageError(
                    f"{self._where}: {entry.name[:80]!r} is a link to {entry.linkname[:80]!r}, "
                    f"which is {why}"
                )
            return replace(target, layer=self._number, owner=owner, children={})
        if entry.issym():
            if len(entry.linkname) > TARGET:
                raise ImageError(
                    f"{self._where}: {entry.name[:80]!r} is a link to a path of "
                    f"{len(entry.linkname)} characters; Linux has {TARGET} at most"
                )
            return Node("link", self._number, entry.mode, owner, target=entry.linkname)
        kind: Kind = "folder" if entry.isdir() else "file" if entry.isreg() else "other"
        return Node(kind, self._number, entry.mode & 0o7777, owner)

    def _parts(self, name: str) -> list[str]:
        """Return the names on the way to *name*. Raises ImageError when it leads out."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise ImageError(f"{self._where}: {name[:80]!r} leads out of the image")
        return parts


class Forward:
    """A stream that tarfile may take for a file as long as it only goes forward; it is hashed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._at = 0

    @property
    def digest(self) -> str:
        """Of all that was read."""
        return f"sha256:{self._hash.hexdigest()}"

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def read(self, size: int) -> bytes:
        """Return *size* bytes, fewer only at the end."""
        parts = []
        while size and (data := self._file.read(min(size, CHUNK))):
            self._hash.update(data)
            parts.append(data)
            size -= len(data)
            self._at += len(data)
        return b"".join(parts)

    def seek(self, offset: int) -> int:
        """Read on to *offset*."""
        while self._at < offset and self.read(min(CHUNK, offset - self._at)):
            pass
        return self._at
