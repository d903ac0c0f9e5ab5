"""What images were made of before: dependencies, layers and what a base holds, for all projects.

    records/KEY.json     what was found out, by all that it follows from
    files/SHA256/NAME    wheels, and layers of dependencies, by what is in them

A record is good for as long as its inputs are the same, and a file is hashed by who takes it: so
nothing here changes what an image is, only how long it takes. The folder may be deleted at any
time, and what no build has used for a month is. Where it cannot be written, nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError, ToolchainError
from hatch_multiarch.homes import aside, cache_home

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1
"""Counted up when the records of before no longer say what is asked now."""
UNUSED = 30 * 24 * 60 * 60
"""Seconds after which what nobody has used is removed."""
_FRESH = 24 * 60 * 60
"""Seconds in which a second use is not noted."""


class Shelf:
    """The shelf in *folder*, which is made when it is needed; without one nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._swept = False

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Shelf:
        """Return the shelf of the user whose environment is *env*."""
        try:
            return cls(cache_home(env) / "hatch-multiarch" / "image")
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
        if hashlib.sha256(text).hexdigest().encode() != told:
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
        with suppress(OSError, ImageError), aside(path) as file:
            file.write(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)

    def file(self, sha256: str, name: str) -> Path | None:
        """Return the file that was kept by this digest (hex) and *name*, if it is there.

        Who takes it compares it with its digest.
        """
        path = self._place("files", sha256, name)
        if path is None or not path.is_file():
            return None
        _use(path)
        return path

    def keep(self, source: Path, sha256: str, name: str) -> None:
        """Keep a copy of *source*, which has this digest (hex)."""
        path = self._place("files", sha256, name)
        if path is None:
            return
        with suppress(OSError, ImageError), source.open("rb") as own, aside(path) as file:
            shutil.copyfileobj(own, file, 1 << 20)

    def _place(self, *parts: str) -> Path | None:
        return None if self._folder is None else self._folder.joinpath(*parts)

    def _sweep(self, folder: Path) -> None:
        """Remove what nobody has used for long, once in a process that adds something."""
        if self._swept:
            return
        self._swept = True
        old = time.time() - UNUSED
        for each in [*folder.glob("records/*"), *folder.glob("files/*/*")]:
            with suppress(OSError):
                if each.stat().st_mtime < old:
                    each.unlink()
                    if each.parent.name != "records":
                        each.parent.rmdir()


def _key(kind: str, inputs: tuple[object, ...]) -> str:
    told = json.dumps([FORMAT, kind, *inputs], separators=(",", ":")).encode()
    return f"{hashlib.sha256(told).hexdigest()}.json"


def _use(path: Path) -> None:
    """Note that *path* was used: its mtime tells what nobody needs any more."""
    with suppress(OSError):
        if path.stat().st_mtime < time.time() - _FRESH:
            os.utime(path)
