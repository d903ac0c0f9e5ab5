"""Digests of files, and one over all that is in a folder, for outputs that are no file."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import IO

CHUNK = 1 << 20
"""Bytes that are read at once."""

KEPT = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX | stat.S_IXUSR
"""Permissions of a file that count: the others follow from the umask of who wrote it."""


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


def fingerprint(path: Path) -> str | None:
    """Return a digest of *path*, a file or a folder with all that is in it; None of nothing.

    A file in a folder that its owner may not read, as in an image, counts by its name alone.
    """
    if path.is_file():
        return sha256(path)
    return folder_digest(path, unreadable=True) if path.is_dir() else None


def folder_digest(folder: Path, *, unreadable: bool = False) -> str:
    """Return the sha256 (hex) of a list of what is in *folder*, a line for each, sorted by path.

    Of a file that is its sha256, its permissions as far as they are KEPT, and its path; of a link
    what it leads to; of everything else its type. Raises OSError when a file cannot be read, unless
    *unreadable* ones count too.
    """
    lines: list[tuple[bytes, bytes]] = []
    for parent, folders, names in os.walk(folder, onerror=_raise):
        for name in (*folders, *names):
            path = Path(parent, name)
            inside = os.fsencode(path.relative_to(folder).as_posix())
            lines.append(
                (inside, _entry(path, unreadable=unreadable).encode("utf-8", "surrogateescape"))
            )
    listed = b"".join(b"%s %s\n" % (entry, inside) for inside, entry in sorted(lines))
    return hashlib.sha256(listed).hexdigest()


def _entry(path: Path, *, unreadable: bool) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link {os.fspath(path.readlink())}"
    if stat.S_ISREG(mode):
        kept = 0 if sys.platform == "win32" else mode & KEPT  # there a name makes it executable
        try:
            return f"{sha256(path)} {kept:o}"
        except PermissionError:
            if not unreadable:
                raise
            return f"unreadable {kept:o}"
    return f"type {stat.S_IFMT(mode):o}"


def _raise(error: OSError) -> None:
    raise error
