"""How an image is run, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Run:
    """How to run each platform."""

    command: tuple[str, ...] = ()
    """Arguments behind the image's entrypoint; none: the image's own."""
    platforms: tuple[str, ...] = ("*",)
    """Platforms or globs."""
    timeout: float = 60.0
    """Seconds for each platform, without pulling."""


@dataclass(frozen=True)
class Ran:
    """What one platform did."""

    platform: str
    digest: str
    """Of its manifest; of its config in an archive that holds no manifest."""
    outcome: Literal["ok", "failed", "timeout", "cannot-run"]
    code: int | None
    """Exit code; None when it did not start or was stopped."""
    seconds: float
    said: tuple[str, ...]
    """The first lines of its output, standard error too."""
    problem: str
    """Why it did not run or end, and what to do about it; empty when it did."""
