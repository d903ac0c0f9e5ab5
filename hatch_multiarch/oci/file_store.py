"""The files of a folder, read in place; ``TarStore`` does the same for an archive."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Protocol

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Store(Protocol):
    """Files by name: slashes, no leading ``./``."""

    source: str

    def names(self) -> list[str]:
        """Return the name of every file, sorted."""

    def size(self, name: str) -> int | None:
        """Return the size of a file in bytes; None when there is no such file."""

    def order(self, name: str) -> int:
        """Return a number by which files are best read one after the other."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a file that exists. Raises ImageError when it cannot be read."""

    def read(self, name: str, start: int, size: int) -> bytes:
        """Return at most *size* bytes from *start* of a file that exists; for several threads.

        Raises ImageError when it cannot be read.
        """


class FolderStore:
    """The files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.source = str(folder)
        self._folder = folder

    def names(self) -> list[str]:
        """Return the name of every file, sorted."""
        files = (path for path in self._folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self._folder).as_posix() for path in files)

    def size(self, name: str) -> int | None:
        """Return the size of a file in bytes; devices and pipes are no files."""
        try:
            about = (self._folder / name).stat()
        except OSError:
            return None
        return about.st_size if stat.S_ISREG(about.st_mode) else None

    def order(self, name: str) -> int:  # noqa: ARG002 - any order will do
        """Return 0: any order will do."""
        return 0

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a file. Raises ImageError when it cannot be read."""
        try:
            with (self._folder / name).open("rb") as file:
                while data := file.read(CHUNK):
                    yield data
        except OSError as error:
            raise ImageError(f"{self.source}: {name} cannot be read: {error.strerror}") from None

    def read(self, name: str, start: int, size: int) -> bytes:
        """Return a part of a file. Raises ImageError when it cannot be read."""
        try:
            with (self._folder / name).open("rb") as file:
                file.seek(start)
                return file.read(size)
        except OSError as error:
            raise ImageError(f"{self.source}: {name} cannot be read: {error.strerror}") from None
