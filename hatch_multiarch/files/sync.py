"""Flushes files and folders to the disk."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path


def sync(path: Path) -> None:
    """Flush *path*, a file or a folder with all that is in it. Raises OSError."""
    if path.is_symlink() or not path.is_dir():
        _sync_file(path)
        return
    for parent, _, names in os.walk(path):
        for name in names:
            with suppress(PermissionError):  # a file of an image that its owner may not read
                _sync_file(Path(parent, name))
        sync_folder(Path(parent))


def sync_folder(folder: Path) -> None:
    """Flush the names in *folder*, where the system and the file system have a way to."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        _flush(folder, os.O_RDONLY)


def _sync_file(path: Path) -> None:
    if stat.S_ISREG(path.lstat().st_mode):
        # Windows flushes only what is open for writing.
        _flush(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)


def _flush(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
