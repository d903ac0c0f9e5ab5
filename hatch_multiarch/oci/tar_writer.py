"""Writes reproducible tar files in chunks, counting and hashing what passes.

Nothing here holds a whole file: a helper of a gigabyte costs no more memory than a small one.
"""

from __future__ import annotations

import hashlib
import tarfile
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_multiarch.oci.gzip_writer import Writable

CHUNK = 1 << 18
"""Bytes handled at once."""


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most *size* bytes, or all."""


class Sink:
    """Pass bytes on to *out* while counting and hashing them."""

    def __init__(self, out: Writable) -> None:
        self._out = out
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write *data* through."""
        self._hash.update(data)
        self.size += len(data)
        self._out.write(data)
        return len(data)

    def tell(self) -> int:
        """Return the bytes written so far; tarfile asks for it."""
        return self.size

    def flush(self) -> None:
        """Do nothing: the owner of *out* closes it."""

    @property
    def digest(self) -> str:
        """The digest so far as OCI writes it: ``sha256:`` and 64 hex digits."""
        return f"sha256:{self._hash.hexdigest()}"


class Source:
    """Read *file* on while hashing what was read; *begin* is called before the first byte."""

    def __init__(self, file: BinaryIO, begin: Callable[[], None] | None = None) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._begin = begin

    def read(self, size: int = -1) -> bytes:
        """Return at most *size* bytes, or all."""
        if self._begin is not None:
            self._begin()
            self._begin = None
        data = self._file.read(size)
        self._hash.update(data)
        return data

    @property
    def sha256(self) -> str:
        """Hex digest of everything read so far."""
        return self._hash.hexdigest()


class Tar:
    """A tar file whose bytes follow from names, modes and contents alone.

    USTAR entries, with a PAX header only where USTAR cannot hold a value (a path over 255 bytes, a
    file over 8 GiB). Owner 0:0 without names and one mtime, so no trace of this machine remains.
    """

    def __init__(self, out: Sink, *, epoch: int) -> None:
        self._epoch = epoch
        self._tar = tarfile.TarFile(
            mode="w",
            fileobj=out,  # type: ignore[arg-type] # writing needs only write() and tell()
            format=tarfile.PAX_FORMAT,
            copybufsize=CHUNK,
        )

    def folder(self, name: str, *, mode: int = 0o755, owner: tuple[int, int] = (0, 0)) -> None:
        """Add the folder *name*; the *owner* is UID and GID."""
        entry = self._entry(name, mode=mode)
        entry.type = tarfile.DIRTYPE
        entry.uid, entry.gid = owner
        self._tar.addfile(entry)

    def file(self, name: str, source: Source, size: int, *, mode: int) -> None:
        """Add *size* bytes of *source* as the regular file *name*."""
        entry = self._entry(name, mode=mode)
        entry.size = size
        self._tar.addfile(entry, source)

    def link(self, name: str, target: str) -> None:
        """Add the symbolic link *name* to *target*."""
        entry = self._entry(name, mode=0o777)
        entry.type = tarfile.SYMTYPE
        entry.linkname = target
        self._tar.addfile(entry)

    def close(self) -> None:
        """Write the end of the archive."""
        self._tar.close()

    def _entry(self, name: str, *, mode: int) -> tarfile.TarInfo:
        entry = tarfile.TarInfo(name)
        entry.mode = mode
        entry.mtime = self._epoch
        return entry
