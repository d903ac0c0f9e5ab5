"""Where a user's caches are, what stands in for them, and how a file comes into one whole."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from hatch_multiarch.errors import ImageError, ToolchainError
from hatch_multiarch.files import writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PART = ".part-"
_ABANDONED = 24 * 60 * 60
"""Seconds after which an unfinished file is that of a build which was killed."""


def cache_home(env: Mapping[str, str], system: str = sys.platform) -> Path:
    """Return the folder of caches of the user whose environment is *env*.

    ``XDG_CACHE_HOME`` (XDG Base Directory Specification: relative ones do not count), or what the
    *system* has instead. Raises ToolchainError where there is no home and nothing can stand in.
    """
    named, home = env.get("XDG_CACHE_HOME", ""), env.get("HOME") or env.get("USERPROFILE") or "-"
    if not Path(named).is_absolute():
        named = {
            "win32": env.get("LOCALAPPDATA") or f"{home}/AppData/Local",
            "darwin": f"{home}/Library/Caches",
        }.get(system, f"{home}/.cache")
    return Path(named) if writable(named) else private()


def writable(folder: str) -> bool:
    """Tell whether *folder* is there, or can be made, and can be written to."""
    path = Path(folder)
    if not path.is_absolute():
        return False
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK)


def private() -> Path:
    """Return a lasting folder of this user's alone: what is in a cache ends up in what is built.

    Raises ToolchainError when somebody else has made it.
    """
    if sys.platform == "win32":
        folder = Path(tempfile.gettempdir()) / "hatch-multiarch-cache"
        folder.mkdir(exist_ok=True)
        return folder
    folder = Path(tempfile.gettempdir()) / f"hatch-multiarch-cache-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise ToolchainError(
            f"there is no home for caches, and {folder} belongs to someone else",
            advice="set HOME, or XDG_CACHE_HOME, to a folder that you can write to",
        )
    return folder


@contextmanager
def aside(final: Path) -> Iterator[BinaryIO]:
    """Yield a file of our own beside *final*, and give it that name at the end.

    Raises ImageError when the folder cannot be written, and what the block raises.
    """
    with ExitStack() as stack:
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            _sweep(final.parent)
            file = stack.enter_context(writing(final, mode=0o600, prefix=_PART))
        except OSError as error:
            raise _unwritable(final, error) from None
        yield file
        try:
            stack.close()
        except OSError as error:
            # Windows lets nobody replace what another build reads, which is the same blob.
            if not (isinstance(error, PermissionError) and final.exists()):
                raise _unwritable(final, error) from None


def _sweep(folder: Path) -> None:
    """Remove what builds that were killed have left."""
    old = time.time() - _ABANDONED
    for each in folder.glob(f"{_PART}*"):
        with suppress(OSError):
            if each.stat().st_mtime < old:
                each.unlink()


def _unwritable(final: Path, error: OSError) -> ImageError:
    return ImageError(
        f"{final.parent}: the cache cannot be written: {error.strerror}",
        advice="set XDG_CACHE_HOME to a folder that you can write to",
    )
