"""Sets the times of files in the context, so that BuildKit notices changes.

A builder keeps what was sent to it under the name of the build context, whichever folder that was
on this machine, and takes anew only files of another size, mode or time (tonistiigi/fsutil,
sameFile). Two files of one size whose times are normalised, as those of an sdist or an image are,
are the same to it: it would compile the old one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_multiarch.files import sha256

if TYPE_CHECKING:
    from pathlib import Path

_TICK = 100
"""Nanoseconds that every file system keeps; NTFS keeps nothing finer."""

_SECONDS = 10**9


def stamp(folder: Path) -> None:
    """Give each file below *folder* a time that comes from its content."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            digest = int(sha256(path), 16)
            digest, ticks = divmod(digest, _SECONDS // _TICK)
            time = digest % _SECONDS * _SECONDS + ticks * _TICK
            os.utime(path, ns=(time, time))
