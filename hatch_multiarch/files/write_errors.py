"""Says of a write that failed which folder it was for, and what is wrong with that folder.

An OSError of ``write`` names no file, and "No space left on device" may mean bytes or files. Both
can be told only where it fails: later, what was begun is removed again.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGING = ".multiarch-"
"""How staging folders begin; a person knows the folder that they are in."""
TEMPORARY = "hatch-multiarch-work-"
"""How our folders among the temporary ones begin; a cache may be there too."""
_SAYS = {
    getattr(errno, "EDQUOT", errno.ENOSPC): "the disk quota is used up",
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the file system is read-only",
}
"""Errors that only writing has."""
_FULL = _SAYS.keys() - {errno.EROFS}
_NO_INODES = "the file system is out of inodes: it holds too many files"
_FEW = 16
"""Inodes that are as good as none: some come free where a write fails."""


class WriteError(OSError):
    """Nothing can be written to the folder ``filename``; ``strerror`` says why."""


@contextmanager
def writes_to(folder: Path) -> Iterator[None]:
    """Raise WriteError for an OSError in the block that says that *folder* takes no writes.

    One that names another file tells of that file's folder. All other errors stay what they are.
    """
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        if error.errno not in _SAYS:
            raise
        named = error.filename2 or error.filename
        raise failed(error, Path(os.fsdecode(named)) if named else folder) from error


def failed(error: OSError, path: Path) -> WriteError:
    """Return *error*, of a write to *path*, as a WriteError."""
    folder = path if path.is_dir() else path.parent
    for each in (folder, *folder.parents):
        if each.name.startswith((STAGING, TEMPORARY)):
            folder = each.parent
    says = _SAYS.get(error.errno or 0) or error.strerror or str(error)
    if error.errno == errno.ENOSPC and _out_of_inodes(folder):
        says = _NO_INODES
    return WriteError(error.errno, says, str(folder))


def unwritable(error: OSError) -> PlanError | None:
    """Return what to tell a person of *error*; None when it is not of a folder that takes none."""
    if not isinstance(error, WriteError):
        named = error.filename2 or error.filename
        if error.errno not in _SAYS or not named:
            return None
        error = failed(error, Path(os.fsdecode(named)))
    advice = "make it writable, or work in a copy of the project"
    if error.errno in _FULL:
        advice = "free some space there"
    if error.filename == tempfile.tempdir:
        advice = f"{advice.partition(',')[0]}, or set TMPDIR to another folder"
    return PlanError(f"nothing can be written to {error.filename}: {error.strerror}", advice=advice)


@contextmanager
def refused(folder: Path) -> Iterator[None]:
    """Raise PlanError for what ``writes_to`` *folder* finds in the block."""
    try:
        with writes_to(folder):
            yield
    except OSError as error:
        if (known := unwritable(error)) is None:
            raise
        raise known from error


def _out_of_inodes(folder: Path) -> bool:
    """Tell whether *folder* has room for bytes and for no more files."""
    try:
        about = os.statvfs(folder)
    except (OSError, AttributeError):  # Windows has no inodes to count
        return False
    return about.f_files > 0 and about.f_favail < _FEW and about.f_bavail * about.f_frsize > 1 << 16
