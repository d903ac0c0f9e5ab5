"""Folders that live as long as their process: locked by it, and removed after it.

A process that is killed leaves its folders. The lock in a folder ends with its process, however
that ends, so that another one can tell what was left from what is in use.
"""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hatch_multiarch.errors import PlanError
from hatch_multiarch.files.unwritable import TEMPORARY, failed, writes_to

if sys.platform != "win32":
    import fcntl
    import os

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = ".lock"
UNLOCKED = 24 * 60 * 60
"""Seconds after which a folder without a lock was left behind: not every file system has locks."""


@contextmanager
def temporary() -> Iterator[Path]:
    """Yield a new folder among the system's temporary ones, and remove it after the block.

    A process that is being killed may still write there: what it leaves is no error of ours.
    Raises WriteError; PlanError where there is no place for temporary files.
    """
    home = temporary_home()
    try:
        made = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=home))
        lock = hold(made)
    except OSError as error:
        raise failed(error, home) from error
    try:
        with writes_to(made):
            yield made
    finally:
        lock.close()
        shutil.rmtree(made, ignore_errors=True)


def temporary_home() -> Path:
    """Return the system's folder for temporary files. Raises PlanError where none is writable."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise PlanError(
            f"no folder for temporary files can be written: {error.strerror}",
            advice="make room there, or set TMPDIR to a folder that can be written",
        ) from None


def hold(folder: Path) -> IO[bytes]:
    """Lock *folder*, a new one, until what is returned is closed or this process ends."""
    if sys.platform == "win32":  # nobody can remove what is open
        return (folder / LOCK).open("wb")
    new = folder / f"{LOCK}.new"
    file = new.open("wb")
    with suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(folder / LOCK)  # where it is to be seen, it is locked
    return file


def sweep(folder: Path, prefix: str) -> None:
    """Remove the folders in *folder* that begin with *prefix* and that a dead process has left."""
    for each in folder.glob(f"{prefix}*"):
        with suppress(OSError):  # its process has just ended, or it is somebody else's
            if _ours(each) and _left(each):
                shutil.rmtree(each, ignore_errors=True)


def sweep_temporary() -> None:
    """Remove what killed builds have left among the system's temporary files."""
    sweep(temporary_home(), TEMPORARY)


def _ours(path: Path) -> bool:
    about = path.lstat()
    mine = sys.platform == "win32" or about.st_uid == os.getuid()
    return mine and stat.S_ISDIR(about.st_mode)


def _left(folder: Path) -> bool:
    lock = folder / LOCK
    try:
        if sys.platform == "win32":
            lock.unlink()
        else:
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime > UNLOCKED
    return True
