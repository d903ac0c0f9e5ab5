"""Digests of files, read in blocks."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20
"""Bytes that are read at once."""


def sha256(path: Path) -> str:
    """Return the sha256 of the file *path*, in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashed(file)[0]


def fingerprint(path: Path) -> str | None:
    """Return a digest of *path*, a file or a folder with all that is in it; None of nothing."""
    if path.is_file():
        return sha256(path)
    if not path.is_dir():
        return None
    whole = hashlib.sha256()
    for line in sorted(_lines(path)):
        whole.update(line.encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _lines(folder: Path) -> Iterator[str]:
    """Yield what tells each file below *folder* apart: its path and its content."""
    for parent, _, names in os.walk(folder):
        for each in (Path(parent, name) for name in names):
            what = os.readlink(each) if each.is_symlink() else ""  # noqa: PTH115 - a string
            if not what and each.is_file():
                with suppress(PermissionError):  # a file of an image that its owner may not read
                    what = sha256(each)
            yield f"{each.relative_to(folder).as_posix()}\0{what}\n"


def hashed(
    file: IO[bytes], copy: IO[bytes] | None = None, *, algorithm: str = "sha256"
) -> tuple[str, int]:
    """Read *file* to its end; return the digest of what was read, in hex, and its size in bytes.

    What was read is written to *copy*, where there is one. *algorithm* is one of hashlib's. Raises
    what *file* and *copy* raise.
    """
    digest, size = hashlib.new(algorithm), 0
    while data := file.read(CHUNK):
        digest.update(data)
        size += len(data)
        if copy is not None:
            copy.write(data)
    return digest.hexdigest(), size
