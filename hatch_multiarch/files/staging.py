"""Staging folders for outputs, and moving them into place, with roll-back.

A staging folder is hidden and stands inside the folder its files are for, so that each move is
a rename on one file system. A rename replaces a file, and no folder but an empty one. Linux can
exchange two names in one step (renameat2(2), RENAME_EXCHANGE). Where that cannot be, the old one
steps aside first, and comes back when the new one cannot take its name.
"""

from __future__ import annotations

import atexit
import filecmp
import os
import shutil
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from hatch_multiarch.errors import PlanError
from hatch_multiarch.files.atomic import sync, sync_folder
from hatch_multiarch.files.held_folders import held, sweep
from hatch_multiarch.files.write_errors import STAGING, failed, refused

if TYPE_CHECKING:
    from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def stage(folder: Path) -> Path:
    """Make a staging folder in *folder* that goes away with this process.

    Those that killed builds have left are removed first: they may be what fills the disk. Raises
    PlanError when nothing can be written there.
    """
    unstage(folder)
    with refused(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            made, release = held(folder, STAGING)
        except OSError as error:
            raise failed(error, folder) from error
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    atexit.register(release)  # before that: what comes last is called first
    return made


def unstage(folder: Path) -> None:
    """Remove the staging folders that killed builds have left in *folder*."""
    sweep(folder, STAGING)


def link(source: Path, target: Path) -> None:
    """Give the file *source* the second name *target*, or copy it where that cannot be.

    Raises OSError.
    """
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links, or another one
        shutil.copy2(source, target)


def place(staged: Path, final: Path, *, times: bool = False, lasting: bool = True) -> bool:
    """Give *staged* its final name, unless it is the ``same`` as *final*.

    *lasting*: flushed to the disk. Return whether it was moved. Raises PlanError when *final*
    cannot be replaced.
    """
    if same(staged, final, times=times):
        return False
    try:
        if lasting:
            sync(staged)
        move(staged, final)
    except OSError as error:
        raise PlanError(
            f"{final} cannot be written: {failed(error, final).strerror}",
            advice="close the program that has it open, or free some space, and build again",
        ) from None
    if lasting:
        sync_folder(final.parent)
    return True


def same(first: Path, second: Path, *, times: bool = False) -> bool:
    """Tell whether both are files with the same bytes, or folders that hold the same.

    Of what is in folders, types and permissions count too, and with *times* when each file was
    changed.
    """
    if first.is_file() and second.is_file():
        return filecmp.cmp(first, second, shallow=False)
    try:
        return first.is_dir() and _same(first, second, times=times)
    except OSError:  # one of them is not there, or cannot be read
        return False


def _same(first: Path, second: Path, *, times: bool) -> bool:
    one, two = first.lstat(), second.lstat()
    if one.st_mode != two.st_mode:
        return False
    if stat.S_ISDIR(one.st_mode):
        names = sorted(os.listdir(first))  # noqa: PTH208 - the names alone
        return names == sorted(os.listdir(second)) and all(  # noqa: PTH208
            _same(first / name, second / name, times=times) for name in names
        )
    if times and one.st_mtime_ns != two.st_mtime_ns:
        return False
    if stat.S_ISLNK(one.st_mode):
        return first.readlink() == second.readlink()
    return stat.S_ISREG(one.st_mode) and filecmp.cmp(first, second, shallow=False)


def move(staged: Path, final: Path) -> None:
    """Give *staged*, a file or a folder on the same file system, the name *final*.

    What had that name is replaced; where either of them is a folder, it has the name *staged*
    then, for the caller to remove. Raises OSError, and *final* is as it was.
    """
    if not (_is_folder(staged) or _is_folder(final)) or not os.path.lexists(final):
        staged.replace(final)
    elif not exchange(staged, final):
        old = staged.with_name(f"{staged.name}.old")
        final.replace(old)
        try:
            staged.replace(final)
        except BaseException:
            old.replace(final)
            raise
        with suppress(OSError):  # it is out of the way already
            old.replace(staged)


def exchange(first: Path, second: Path) -> bool:
    """Exchange what two names stand for, in one step; return whether that was done.

    It is not done when one of them is missing, and where the system, its C library (musl, often)
    or the file system has no way to.
    """
    if sys.platform != "linux":
        return False
    try:
        import ctypes  # noqa: PLC0415 - few builds need it

        renameat2 = ctypes.CDLL(None).renameat2
    except (ImportError, OSError, AttributeError):
        return False
    renameat2.argtypes = (
        ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint,
    )  # fmt: skip
    names = [os.fsencode(each) for each in (first, second)]
    done: int = renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    return done == 0


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
