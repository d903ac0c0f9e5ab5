from __future__ import annotations

import io
from pathlib import Path

import pytest

from hatch_multiarch.config import Helper, Libc
from hatch_multiarch.plan import Unit
from hatch_multiarch.platforms import lookup
from hatch_multiarch.report.console import Console


class Stream(io.TextIOWrapper):
    """A stream that is no terminal, unless told, and keeps what was written."""

    def __init__(self, encoding: str, *, terminal: bool) -> None:
        self.kept = io.BytesIO()
        super().__init__(self.kept, encoding=encoding, newline="\n")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    @property
    def text(self) -> str:
        self.flush()
        return self.kept.getvalue().decode(self.encoding)


@pytest.fixture
def speak():
    """Return a Console and its stream; keywords are its environment."""

    def speak(verbosity=0, *, encoding="utf-8", terminal=False, **env):
        stream = Stream(encoding, terminal=terminal)
        return Console(stream, verbosity, {"COLUMNS": "80", **env}), stream

    return speak


@pytest.fixture
def unit():
    def unit(name: str = "greet", platform: str = "linux/arm64") -> Unit:
        return Unit(Helper(name), lookup(platform), Libc(), "none", Path(), Path(name))

    return unit
