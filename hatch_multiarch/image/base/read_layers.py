"""Reads the files of a base: its layers applied in order, as containerd does, without unpacking.

OCI image-spec 1.1, layer.md ("Applying Changesets", "Whiteouts"). Every name is followed inside
the image only, whatever links are in it, and nothing is written but the few files that are asked
for, under names of our own.
"""

from __future__ import annotations

import hashlib
import tarfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.filesystem import TARGET, Filesystem, Kind, Node
from hatch_multiarch.oci.layer_reader import unpacked
from hatch_multiarch.oci.tar_store import UNREADABLE, Headers
from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hatch_multiarch.image.base.base_image import Base, BaseImage

ENTRIES = 500_000
"""Most entries of all layers together."""
KEPT = 256 << 20
"""Most bytes of all files together that are kept."""
BLOCK = 4096
"""Bytes that even an empty file counts for."""
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"


def read_files(
    base: Base, image: BaseImage, keep: Callable[[str], int], folder: Path
) -> Filesystem:
    """Return the files of *image*; those whose paths *keep* wants are written into *folder*.

    *keep* tells the most bytes that a file at a path may have to be kept, 0 for none. Reads each
    layer once, to its end, and compares it with its digest and its diff_id. Raises ImageError when
    they differ, when a layer holds what no layer may, or when more than KEPT bytes are wanted.
    """
    tree = Filesystem()
    kept = _Kept(folder, keep)
    for number, (layer, diff_id) in enumerate(zip(image.layers, image.diff_ids, strict=True)):
        where = f"{base.source}: {layer.digest}"
        blob = base.open(layer)
        with unpacked(blob, where) as file:
            forward = Forward(file)
            _Changes(tree, number, where, kept).apply(forward)
            while forward.read(CHUNK):
                pass
        blob.drain()
        if forward.digest != diff_id:
            raise ImageError(f"{where}: unpacked it is {forward.digest}, the config says {diff_id}")
    return tree


class _Kept:
    """The files of all layers that are written into *folder*."""

    def __init__(self, folder: Path, keep: Callable[[str], int]) -> None:
        self._folder = folder
        self._keep = keep
        self._count = 0
        self._size = 0

    def take(self, path: str, entry: tarfile.TarInfo, file: Forward, where: str) -> Path | None:
        """Write the content of *entry*, which *file* is at, if a file at *path* is wanted.

        *where* names the layer. Raises ImageError when that is too much.
        """
        limit = self._keep(path)
        if not limit or entry.size > limit:
            return None
        self._size += max(entry.size, BLOCK)
        if self._size > KEPT:
            raise ImageError(
                f"{where}: {path[:80]!r}: more than {KEPT >> 20} MB to look into are no base"
            )
        self._count += 1
        target = self._folder / str(self._count)
        left = entry.size
        with target.open("xb") as copy:
            while left and (data := file.read(min(CHUNK, left))):
                copy.write(data)
                left -= len(data)
        return target


class _Changes:
    """One layer on its way into *tree*."""

    def __init__(self, tree: Filesystem, number: int, where: str, kept: _Kept) -> None:
        self._tree = tree
        self._number = number
        self._where = where
        self._kept = kept

    def apply(self, file: Forward) -> None:
        headers = cast("BinaryIO", Headers(cast("BinaryIO", file), self._where))
        try:
            tar: Any = tarfile.TarFile(fileobj=headers)  # Any: typeshed leaves out `members`
            while (entry := tar.next()) is not None:
                tar.members.clear()
                self._entry(entry, file)
        except UNREADABLE as error:
            raise ImageError(f"{self._where}: not a readable tar: {error}") from None

    def _entry(self, entry: tarfile.TarInfo, file: Forward) -> None:
        parts = self._parts(entry.name)
        if not parts:
            return
        name = parts[-1]
        if name == OPAQUE:
            self._tree.empty(parts[:-1], self._number)
        elif name.startswith(WHITEOUT):
            self._tree.remove([*parts[:-1], name.removeprefix(WHITEOUT)], self._number)
        else:
            node = self._node(entry)
            if entry.isreg() and entry.sparse is None:
                node.kept = self._kept.take("/".join(parts), entry, file, self._where)
            self._tree.add(parts, node)
        if self._tree.count > ENTRIES:
            raise ImageError(f"{self._where}: more than {ENTRIES} files are no base")

    def _node(self, entry: tarfile.TarInfo) -> Node:
        owner = (entry.uid, entry.gid)
        if entry.islnk():
            target = self._tree.find("/".join(self._parts(entry.linkname)), follow=False)
            if target is None:
                raise ImageError(
                    f"{self._where}: {entry.name!r} is a link to {entry.linkname!r}, which is not "
                    "in the image"
                )
            return Node("file", self._number, target.mode, owner, kept=target.kept)
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
