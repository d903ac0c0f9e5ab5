"""Digests of files, read in blocks."""

from __future__ import annotations

import hashlib
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 20
"""Bytes that are read at once."""


def sha256(path: Path) -> str:
    """Return the sha256 of the file *path*, in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashed(file)[0]


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
