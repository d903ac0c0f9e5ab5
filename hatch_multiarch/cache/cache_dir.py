"""The user's cache folder, and writing files and folders into it atomically."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from hatch_multiarch.errors import ImageError, ToolchainError
from hatch_multiarch.files import move, writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "hatch-multiarch"
"""Our folder among the caches."""
_PART = ".part-"
_ABANDONED = 24 * 60 * 60
"""Seconds after which an unfinished file is that of a build which was killed."""


def cache_home(env: Mapping[str, str], system: str = sys.platform) -> Path:
    """Return the folder of caches of the user whose environment is *env*.

    ``XDG_CACHE_HOME`` (XDG Base Directory Specification: relative ones do not count), or what the
    *system* has instead. A ``private`` one stands in where that cannot be written, or others may
    write to it. Raises ToolchainError where nothing can stand in.
    """
    named = _named(env, system)
    return named if writable(str(named)) and not _exposed(named) else private()


def exposed(env: Mapping[str, str], system: str = sys.platform) -> str:
    """Return a line on why ``cache_home`` passes over a folder that can be written, or nothing.

    What is in a cache ends up in what is built: others must not be able to put it there.
    """
    named = _named(env, system)
    return _exposed(named) if writable(str(named)) else ""


def _named(env: Mapping[str, str], system: str) -> Path:
    """Return the folder of caches that *env* and *system* name, whatever it is like."""
    named, home = env.get("XDG_CACHE_HOME", ""), env.get("HOME") or env.get("USERPROFILE") or "-"
    if not Path(named).is_absolute():
        named = {
            "win32": env.get("LOCALAPPDATA") or f"{home}/AppData/Local",
            "darwin": f"{home}/Library/Caches",
        }.get(system, f"{home}/.cache")
    return Path(named)


def _exposed(home: Path) -> str:
    """Return a line on who may write to the folder of caches *home*, or to ours in it."""
    if sys.platform == "win32":
        return ""
    for folder in (home, home / NAME):
        try:
            found = folder.stat()
        except OSError:  # it is not there yet
            continue
        if found.st_uid not in (os.getuid(), 0):
            why = f"it belongs to another user (uid {found.st_uid})"
            what = "set XDG_CACHE_HOME to your own folder"
        elif found.st_mode & stat.S_IWOTH or (
            found.st_mode & stat.S_IWGRP and not _alone_in(found.st_gid)
        ):
            why, what = "other users can write to it", f"chmod go-w {shlex.quote(str(folder))}"
        else:
            continue
        return f"{folder} is not used as a cache, since {why}: {what}"
    return ""


def _alone_in(group: int) -> bool:
    """Tell whether *group* (gid) is the user's own, as systems make one for each user."""
    import grp  # noqa: PLC0415 - not on Windows
    import pwd  # noqa: PLC0415 - the same

    if group != os.getgid():
        return False
    try:
        others = {*grp.getgrgid(group).gr_mem} - {"root"}
        return not others or others == {pwd.getpwuid(os.getuid()).pw_name}
    except KeyError:  # nobody tells who is in it
        return False


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
            f"there is no home folder for caches, and {folder} belongs to someone else",
            advice="set HOME, or XDG_CACHE_HOME, to a folder that only you can write to",
        )
    return folder


@contextmanager
def aside(final: Path, *, clean: bool = True) -> Iterator[BinaryIO]:
    """Yield a file of our own beside *final*, and give it that name at the end.

    *clean*: remove what builds that were killed have left beside it, which takes a look at every
    file there. Raises ImageError when the folder cannot be written, and what the block raises.
    """
    with ExitStack() as stack:
        try:
            _prepare(final.parent, clean=clean)
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


@contextmanager
def folder_aside(final: Path) -> Iterator[Path]:
    """Yield an empty folder beside *final*, which takes its name and its place after the block.

    It does not when another build has put one there meanwhile. Raises OSError, and what the block
    raises.
    """
    _prepare(final.parent)
    with tempfile.TemporaryDirectory(
        prefix=_PART, dir=final.parent, ignore_cleanup_errors=True
    ) as own:
        part, before = Path(own) / final.name, _inode(final)
        part.mkdir()
        yield part
        if _inode(final) == before:
            try:
                move(part, final)
            except OSError:
                if _inode(final) == before:  # no other build was faster
                    raise


def _inode(path: Path) -> int | None:
    return path.stat().st_ino if path.exists() else None


def _prepare(folder: Path, *, clean: bool = True) -> None:
    """Make *folder*; *clean*: remove from it what builds that were killed have left."""
    # Whatever the umask: a folder that others may write to would not be used again.
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)
    for each in folder.glob(f"{_PART}*") if clean else ():
        with suppress(OSError):
            if abandoned(each):
                shutil.rmtree(each) if each.is_dir() else each.unlink()


def abandoned(path: Path) -> bool:
    """Tell whether *path* is what a build that was killed has left. Raises OSError."""
    return path.name.startswith(_PART) and path.stat().st_mtime < time.time() - _ABANDONED


def _unwritable(final: Path, error: OSError) -> ImageError:
    return ImageError(
        f"{final.parent}: the cache cannot be written: {error.strerror}",
        advice="set XDG_CACHE_HOME to a folder that you can write to",
    )
