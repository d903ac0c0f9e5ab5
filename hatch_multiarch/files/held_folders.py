"""Folders that live as long as their process: locked by it, and removed after it.

A process that is killed leaves its folders. The lock in a folder ends with its process, however
that ends, so that another one can tell what was left from what is in use.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.errors import PlanError
from hatch_multiarch.files.write_errors import TEMPORARY, failed, refused, writes_to

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCK = ".lock"
"""Only on Windows, where folders cannot be locked."""
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
        made, release = held(home, TEMPORARY)
    except OSError as error:
        raise failed(error, home) from error
    try:
        with writes_to(made):
            yield made
    finally:
        release()
        shutil.rmtree(made, ignore_errors=True)


def temporary_home() -> Path:
    """Return the system's folder for temporary files. Raises PlanError where none is writable."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise PlanError(
            f"no folder for temporary files can be written: {error.strerror}",
            advice="free some space there, or set TMPDIR to a folder that can be written",
        ) from None


def probe(folder: Path, size: int = 1 << 16) -> None:
    """Make *folder*, and raise PlanError when *size* bytes cannot be written to it."""
    with refused(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(bytes(size))
        except OSError as error:
            raise failed(error, folder) from error


def held(folder: Path, prefix: str) -> tuple[Path, Callable[[], object]]:
    """Make a folder in *folder*, locked until what is returned is called. Raises OSError."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
        try:
            if sys.platform == "win32":  # where nobody can remove a file that is open
                return made, (made / LOCK).open("wb").close
            handle = _lock(made)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        if handle is not None:
            return made, partial(os.close, handle)


def sweep(folder: Path, prefix: str) -> None:
    """Remove the folders in *folder* that begin with *prefix* and that a dead process has left."""
    for each in folder.glob(f"{prefix}*"):
        with suppress(OSError):  # its process has just ended
            about = each.lstat()
            mine = sys.platform == "win32" or about.st_uid == os.getuid()
            if mine and stat.S_ISDIR(about.st_mode):
                old = time.time() - about.st_mtime > UNLOCKED
                _remove_unlocked(each, old=old)


def sweep_temporary() -> None:
    """Remove what killed builds have left among the system's temporary files."""
    sweep(temporary_home(), TEMPORARY)


if sys.platform == "win32":

    def _remove_unlocked(folder: Path, *, old: bool) -> None:
        """Remove *folder* unless its process lives. Raises OSError when it does."""
        (folder / LOCK).unlink(missing_ok=old)
        shutil.rmtree(folder, ignore_errors=True)

else:

    def _lock(folder: Path) -> int | None:
        """Return a descriptor that locks *folder*; None when a sweep was faster than this."""
        try:
            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = folder.exists()
        except OSError as error:  # a file system without locks, if nobody has this one
            ours = not isinstance(error, BlockingIOError)
        if ours:
            return handle
        os.close(handle)
        return None

    def _remove_unlocked(folder: Path, *, old: bool) -> None:
        """Remove *folder* unless its process lives; where nothing can be locked, an *old* one."""
        handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            old = True
        except OSError as error:
            old = old and not isinstance(error, BlockingIOError)
        try:
            if old:
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(handle)
