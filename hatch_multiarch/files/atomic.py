"""Atomic writes: a file is written aside and renamed. And flushes to the disk.

The rename is atomic for other processes. What has to outlive a power failure too is flushed to the
disk before it, and the folder after it: that costs milliseconds for each file, so that caches and
files which a build can make again go without.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from hatch_multiarch.errors import PlanError
from hatch_multiarch.files.write_errors import failed, writes_to

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def writing(
    final: Path, *, mode: int = 0o644, prefix: str = "", lasting: bool = False
) -> Iterator[BinaryIO]:
    """Yield an empty file, open for reading and writing, that becomes *final* after the block.

    It stands in the same folder, where its name begins with *prefix*, and gets the permissions
    *mode*. When the block fails, it is removed and *final* stays as it was. *lasting*: flushed to
    the disk. Raises OSError: WriteError where the folder takes no writes.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=prefix or f".{final.name}.", dir=final.parent)
    except OSError as error:
        raise failed(error, final) from error
    aside = Path(name)
    try:
        with writes_to(final.parent), os.fdopen(handle, "w+b") as file:
            aside.chmod(mode)  # mkstemp makes files that only their owner may read
            yield cast("BinaryIO", file)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(final)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    if lasting:
        sync_folder(final.parent)


def write(text: str, path: Path, *, mode: int = 0o644, lasting: bool = True) -> None:
    r"""Write *text* to *path* as UTF-8 with ``\n`` as it is; makes its folder. Raises OSError.

    *mode* and *lasting* are as for ``writing``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path, mode=mode, lasting=lasting) as file:
        file.write(text.encode("utf-8"))


def rewrite(path: Path, text: str) -> None:
    """Write *text* into *path*, a file of the project's; a link to it stays one.

    It keeps the permissions that it has. A file that is not there is made, to be read by all.
    Raises PlanError for a file that is read-only, or a folder that cannot be written to.
    """
    path = path.resolve()
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
    if not mode & 0o222:  # renaming over it, and root, would not heed that
        raise PlanError(f"{path.name} is read-only", advice=f"allow it: chmod u+w {path.name}")
    try:
        write(text, path, mode=mode)
    except OSError as error:
        raise PlanError(
            f"nothing can be written to the folder of {path.name}: {error.strerror}"
        ) from None


def copy(source: Path, target: Path, *, mode: int) -> None:
    """Copy the file *source* to *target*, with the permissions *mode*; makes its folder.

    Raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file, writing(target, mode=mode) as out:
        shutil.copyfileobj(file, out, 1 << 20)


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
