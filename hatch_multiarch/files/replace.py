"""Replaces a file or a folder by another one, with roll-back.

A rename replaces a file, and no folder but an empty one. Linux can exchange two names in one step
(renameat2(2), RENAME_EXCHANGE). Where that cannot be, the old one steps aside first, and comes back
when the new one cannot take its name.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


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
