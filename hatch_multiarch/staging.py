"""Folders in which outputs wait until all of them are done, and the moves into place.

A staging folder is hidden and stands inside the folder its files are for, so that each move is
one rename on one file system: a reader sees the old file or the new one, never a part.
"""

from __future__ import annotations

import atexit
import filecmp
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from hatch_multiarch.errors import PlanError

PREFIX = ".multiarch-"
STALE_SECONDS = 3600
"""A folder this old was left by a build that was killed; a younger one may be in use."""


def make(folder: Path) -> Path:
    """Make a staging folder in *folder* that goes away with this process; clear stale ones."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    except OSError as error:
        raise PlanError(
            f"nothing can be written to {folder}: {error.strerror}",
            advice="build from a copy of the project, or set tool.multiarch.output",
        ) from None
    for left in leftovers(folder):
        with suppress(FileNotFoundError):  # the build that it belongs to has just ended
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def write(text: str, path: Path, *, mode: int = 0o644) -> None:
    """Write *text* to *path* as UTF-8, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(aside).chmod(mode)  # mkstemp makes files that only their owner may read
        os.replace(aside, path)  # noqa: PTH105 - the word for atomic
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def leftovers(folder: Path) -> list[Path]:
    """Return the staging folders that stand in *folder*."""
    return sorted(folder.glob(PREFIX + "*"))


def link(source: Path, target: Path) -> None:
    """Give the file *source* the second name *target*, or copy it where that cannot be."""
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links, or another one
        shutil.copy2(source, target)


def same(first: Path, second: Path) -> bool:
    """Tell whether both are regular files with the same bytes."""
    return first.is_file() and second.is_file() and filecmp.cmp(first, second, shallow=False)


def place(staged: Path, final: Path) -> None:
    """Give *staged* its final name, unless a file with the same bytes has it already."""
    if same(staged, final):
        staged.unlink()
    else:
        move(staged, final)


def move(staged: Path, final: Path) -> None:
    """Give *staged*, a file or a folder, its final name; what had that name before is replaced."""
    if final.is_dir() and not final.is_symlink():
        # A folder cannot be renamed over another one; the old one steps aside first.
        final.replace(staged.with_name(staged.name + ".old"))
    staged.replace(final)
