"""Records of how wheels and images are verified, and of the results."""

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


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: Literal[
        "archive", "tags", "record", "helpers", "executable", "sbom", "smoke", "report",
        "same bytes", "digests", "run", "files", "rebuild",
    ]  # fmt: skip
    outcome: Literal["ok", "failed", "not run here", "none"]
    """``none``: there is nothing to look at, or nobody asked for it."""
    said: str = ""
    """What was found, on one line."""


@dataclass(frozen=True)
class Verified:
    """A file, a whole build or one made again, and what was looked at."""

    name: str
    """Of the file."""
    platform: str
    """OCI platform of a wheel; empty for what is for several, or for none that is known."""
    checks: tuple[Check, ...]
    kind: Literal["wheel", "sdist", "image", "build", "rebuild"] = "wheel"
    """``build``: all files of a build; its name is that of the report."""

    @property
    def failed(self) -> tuple[str, ...]:
        """The checks that failed, each once."""
        return tuple(dict.fromkeys(each.name for each in self.checks if each.outcome == "failed"))
