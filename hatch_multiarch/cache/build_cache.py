"""The build cache: compressed files, layers and dependencies, shared by all projects.

    records/KEY.json     a result, by everything that it depends on
    files/SHA256/NAME    a file, by its content

A record is valid as long as its inputs are the same, and a file is compared with its digest before
it is given out: what was damaged counts for nothing, so that the cache never changes what a build
makes, only how long that takes. The folder may be deleted at any time. What no build has used for
a month is removed, and so is what was used least recently when the files take more than LIMIT.
Where the folder cannot be written, nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch import files
from hatch_multiarch.cache.cache_dir import NAME, abandoned, aside, cache_home
from hatch_multiarch.errors import ImageError, ToolchainError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 2
"""Counted up when the records of before no longer say what is asked now."""
UNUSED = 30 * 24 * 60 * 60
"""Seconds after which what nobody has used is removed."""
LIMIT = 2 << 30
"""Bytes that all files may take, about; no build fails when they take more for a moment."""
_FRESH = 60 * 60
"""Seconds in which a second use is not noted."""
PAUSE = 60 * 60
"""Seconds between two looks at all that there is."""
_SWEPT = "swept"
"""The file whose time is that of the last look."""


class BuildCache:
    """The cache in *folder*, which is made when it is needed; without one nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._swept = False

    @classmethod
    def of(cls, env: Mapping[str, str]) -> BuildCache:
        """Return the cache of the user whose environment is *env*."""
        try:
            return cls(cache_home(env) / NAME / "build")
        except (OSError, ToolchainError):
            return cls(None)

    def recall(self, kind: str, *inputs: object) -> Any:
        """Return what was noted of *kind* for the same *inputs* (JSON); None when nothing was."""
        path = self._place("records", _key(kind, inputs))
        if path is None:
            return None
        try:
            told, _, text = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if _sum(path, text) != told:
            return None
        _use(path)
        return json.loads(text)

    def note(self, value: object, kind: str, *inputs: object) -> None:
        """Note *value* (JSON), to be recalled by the same *kind* and *inputs*."""
        text = json.dumps(value, separators=(",", ":")).encode()
        path = self._place("records", _key(kind, inputs))
        if path is None:
            return
        self._sweep(path.parent.parent)
        with suppress(OSError, ImageError), aside(path, clean=False) as file:
            file.write(_sum(path, text) + b"\n" + text)

    def file(self, sha256: str, name: str) -> Path | None:
        """Return the file that was kept by this digest (hex) and *name*, if it is there and whole.

        One that has another digest now is removed.
        """
        path = self._place("files", sha256, name)
        try:
            if path is None or not path.is_file():
                return None
            if files.sha256(path) != sha256:
                path.unlink()
                return None
        except OSError:
            return None
        _use(path)
        return path

    def keep(self, source: Path, sha256: str, name: str) -> None:
        """Keep a copy of *source*, which has this digest (hex)."""
        path = self._place("files", sha256, name)
        if path is None:
            return
        with (
            suppress(OSError, ImageError),
            source.open("rb") as own,
            aside(path, clean=False) as file,
        ):
            shutil.copyfileobj(own, file, 1 << 20)

    def _place(self, *parts: str) -> Path | None:
        return None if self._folder is None else self._folder.joinpath(*parts)

    def _sweep(self, folder: Path) -> None:
        """Remove what is old or too much, or was left by a build that was killed.

        Called where something is added; it takes a look at every file, and so is done seldom.
        """
        if self._swept:
            return
        self._swept = True
        with suppress(OSError):
            if time.time() - (folder / _SWEPT).stat().st_mtime < PAUSE:
                return
        with suppress(OSError):
            (folder / _SWEPT).write_bytes(b"")
        found = []
        # Not glob: another build may remove a folder at this moment, and os.walk passes over that.
        for parent, _, names in os.walk(folder):
            for each in (Path(parent, name) for name in names if name != _SWEPT):
                with suppress(OSError):
                    about = each.stat()
                    found.append((0 if abandoned(each) else about.st_mtime, about.st_size, each))
        total, old = 0, time.time() - UNUSED
        for used, size, path in sorted(found, reverse=True, key=lambda each: each[0]):
            total += size
            if used < old or total > LIMIT:
                _remove(path)


def _key(kind: str, inputs: tuple[object, ...]) -> str:
    told = json.dumps([FORMAT, kind, *inputs], separators=(",", ":")).encode()
    return f"{hashlib.sha256(told).hexdigest()}.json"


def _sum(path: Path, text: bytes) -> bytes:
    """Return the first line of the record *path*: it is *text*, and for nothing but its own key."""
    return hashlib.sha256(f"{path.name}\n".encode() + text).hexdigest().encode()


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
        if path.parent.name != "records":
            path.parent.rmdir()


def _use(path: Path) -> None:
    """Note that *path* was used: its mtime tells what nobody needs any more."""
    with suppress(OSError):
        if path.stat().st_mtime < time.time() - _FRESH:
            os.utime(path)
