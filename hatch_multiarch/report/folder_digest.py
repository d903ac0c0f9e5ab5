"""One digest over all that is in a folder: for outputs that are no file."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path

from hatch_multiarch import files

KEPT = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX | stat.S_IXUSR
"""Permissions of a file that count: the others follow from the umask of who wrote it."""


def folder_digest(folder: Path) -> str:
    """Return the sha256 (hex) of a list of what is in *folder*, a line for each, sorted by path.

    Of a file that is its sha256, its permissions as far as they are KEPT, and its path; of a link
    what it leads to; of everything else its type. Raises OSError when a file cannot be read.
    """
    lines: list[tuple[bytes, bytes]] = []
    for parent, folders, names in os.walk(folder, onerror=_raise):
        for name in (*folders, *names):
            path = Path(parent, name)
            inside = os.fsencode(path.relative_to(folder).as_posix())
            lines.append((inside, _entry(path).encode("utf-8", "surrogateescape")))
    listed = b"".join(b"%s %s\n" % (entry, inside) for inside, entry in sorted(lines))
    return hashlib.sha256(listed).hexdigest()


def _entry(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link {os.fspath(path.readlink())}"
    if stat.S_ISREG(mode):
        kept = 0 if sys.platform == "win32" else mode & KEPT  # there a name makes it executable
        return f"{files.sha256(path)} {kept:o}"
    return f"type {stat.S_IFMT(mode):o}"


def _raise(error: OSError) -> None:
    raise error
