"""The files of a tar archive, read in place: nothing is unpacked or written.

Nobody vouches for an archive. What tarfile would read into memory is limited, and so are the number
of entries and, behind gzip, the bytes in all; what it cannot read is one ImageError.
"""

from __future__ import annotations

import gzip
import posixpath
import tarfile
import tempfile
import threading
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = 1 << 16
"""Most bytes of one tar header; a PAX header with a long name and its times has some hundred."""
ENTRIES = 20_000
"""Most entries of an archive; an image has a few per layer and platform."""
UNPACKED = 1 << 36
"""Most bytes behind gzip (64 GiB), so that a bomb ends."""
SMALL = 1 << 18
"""Files behind gzip up to this many bytes are kept: each step back would unpack all anew."""
KEPT = 1 << 25
"""Most bytes kept in all."""
BLOCK = 512
"""Bytes of a tar block."""

UNREADABLE = (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, RecursionError)
"""What tarfile and gzip raise for bytes that they do not understand."""


class TarStore:
    """The files of a tar archive, plain or behind gzip, found in one pass over its headers."""

    def __init__(self, file: BinaryIO, source: str, limit: int = 0) -> None:
        """Take an archive that holds at most *limit* bytes behind gzip. Raises ImageError."""
        self.source = source
        self._limit = limit or UNPACKED
        self.packed = file.read(2) == b"\x1f\x8b"
        """Whether it is behind gzip."""
        file.seek(0)
        self._file = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if self.packed else file
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        self._kept: dict[str, bytes] = {}
        self._kept_bytes = 0
        self._reading = threading.Lock()
        with self._damage():
            self._index()

    def names(self) -> list[str]:
        """Return the name of every file, sorted."""
        return sorted(self._places)

    def size(self, name: str) -> int | None:
        """Return the size of a file in bytes; None when there is no such file."""
        found = self._places.get(self._follow(name))
        return found[1] if found else None

    def is_link(self, name: str) -> bool:
        """Tell whether a name is a link, symbolic or hard."""
        return name in self._links

    def order(self, name: str) -> int:
        """Return where the file lies, so that reading goes forward."""
        return self._places[self._follow(name)][0]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a file. Raises ImageError when the archive breaks off in it."""
        name = self._follow(name)
        if name in self._kept:
            yield self._kept[name]
            return
        start, left = self._places[name]
        with self._damage():
            self._file.seek(start)
        while left:
            with self._damage():
                data = self._file.read(min(CHUNK, left))
            if not data:
                raise ImageError(f"{self.source}: the archive is truncated in {name}")
            left -= len(data)
            yield data

    def read(self, name: str, start: int, size: int) -> bytes:
        """Return a part of a file. Raises ImageError when the archive breaks off in it.

        Behind gzip each step back would unpack all anew: see ``unpacked``.
        """
        place, length = self._places[self._follow(name)]
        wanted = max(0, min(size, length - start))
        with self._reading, self._damage():
            self._file.seek(place + start)
            data = self._file.read(wanted)
        if len(data) < wanted:
            raise ImageError(f"{self.source}: the archive is truncated in {name}")
        return data

    def _follow(self, name: str) -> str:
        """Return the file that a link leads to: docker and skopeo link a layer used twice."""
        for _ in range(8):
            if name not in self._links:
                break
            name = self._links[name]
        return name

    def _index(self) -> None:
        """Note where each file lies; a name that stands twice is refused, as nobody can tell."""
        headers = cast("BinaryIO", Headers(self._file, self.source))
        tar: Any = tarfile.TarFile(fileobj=headers)  # Any: typeshed leaves out `members`
        count = 0
        while (entry := tar.next()) is not None:
            count += 1
            tar.members.clear()  # a PAX header may be large, and tarfile keeps them all
            tar.pax_headers = {}
            if count > ENTRIES:
                raise ImageError(f"{self.source}: more than {ENTRIES} entries")
            if self.packed and entry.offset_data + entry.size > self._limit:
                raise ImageError(f"{self.source}: larger than {self._limit} bytes when unpacked")
            name = posixpath.normpath(entry.name)
            if name in self._places and entry.isreg():
                raise ImageError(f"{self.source}: {name} is in the archive twice")
            if entry.issym() or entry.islnk():
                beside = posixpath.dirname(name) if entry.issym() else ""
                self._links[name] = posixpath.normpath(posixpath.join(beside, entry.linkname))
            elif entry.isreg() and entry.sparse is None:
                self._places[name] = (entry.offset_data, entry.size)
                self._keep(name)
        self._file.seek(tar.offset)
        end = self._file.read(BLOCK)
        if len(end) < BLOCK or end.strip(b"\0"):
            raise ImageError(f"{self.source}: the archive is damaged or truncated")

    def _keep(self, name: str) -> None:
        """Keep a small file that lies behind gzip."""
        start, size = self._places[name]
        if self.packed and size <= SMALL and size + self._kept_bytes <= KEPT:
            self._file.seek(start)
            self._kept[name] = self._file.read(size)
            self._kept_bytes += size

    @contextmanager
    def _damage(self) -> Iterator[None]:
        """Turn what tarfile and gzip raise into one line."""
        try:
            yield
        except UNREADABLE as error:
            what = "gzip" if self.packed else "tar"
            raise ImageError(f"{self.source}: not a readable {what} archive: {error}") from None


@contextmanager
def unpacked(file: BinaryIO, source: str, limit: int) -> Iterator[BinaryIO]:
    """Unpack the archive *file*, which is behind gzip, to a temporary file that this yields.

    Raises ImageError when that is not possible, or beyond *limit* bytes.
    """
    file.seek(0)
    with tempfile.TemporaryFile() as plain:
        try:
            with gzip.GzipFile(fileobj=file) as opened:
                while data := opened.read(CHUNK):
                    if plain.tell() + len(data) > limit:
                        raise ImageError(
                            f"{source}: unpacked it is larger than the {limit} bytes that its "
                            "manifests declare"
                        )
                    plain.write(data)
        except UNREADABLE as error:
            raise ImageError(f"{source}: not a readable gzip archive: {error}") from None
        plain.seek(0)
        yield cast("BinaryIO", plain)


class Headers:
    """An archive as tarfile may see it: headers only, in their order."""

    def __init__(self, file: BinaryIO, source: str) -> None:
        self._file = file
        self._source = source
        self._reached = -1
        self.last = b""
        """What was read last: at the end of a whole archive a block of zeros, or nothing."""

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def read(self, size: int) -> bytes:
        """Read one header, which is never large. tarfile would believe what it says."""
        if not 0 <= size <= HEADER:
            raise ImageError(f"{self._source}: a header of {size} bytes is too large")
        self.last = self._file.read(size)
        return self.last

    def seek(self, offset: int) -> int:
        """Go on. A size below zero would lead back, and round for ever."""
        if offset <= self._reached:
            raise ImageError(f"{self._source}: the archive is damaged: a size below zero")
        self._reached = offset
        return self._file.seek(offset)
