"""Folders in which outputs wait until all of them are done, and the moves into place.

A staging folder is hidden and stands inside the folder its files are for, so that each move is
one rename on one file system: a reader sees the old file or the new one, never a part.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = ".multiarch-"
STALE_SECONDS = 3600
"""A folder this old was left by a build that was killed; a younger one may be in use."""


def make(folder: Path) -> Path:
    """Make a staging folder in *folder* that goes away with this process; clear stale ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in leftovers(folder):
        if time.time() - left.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def leftovers(folder: Path) -> list[Path]:
    """Return the staging folders that stand in *folder*."""
    return sorted(folder.glob(PREFIX + "*"))


def move(staged: Path, final: Path) -> None:
    """Give *staged*, a file or a folder, its final name; what had that name before is replaced."""
    if final.is_dir() and not final.is_symlink():
        # A folder cannot be renamed over another one; the old one steps aside first.
        final.replace(staged.with_name(staged.name + ".old"))
    staged.replace(final)
