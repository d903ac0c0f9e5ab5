"""The findings of doctor; a check that fails becomes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import printable
from hatch_multiarch.errors import MultiarchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MACHINE, PACKAGES, DOCKER = "this machine", "this Python", "docker"
ENGINES = "engines"
BUILDS, PLATFORMS = "platforms of this project", "platforms that run here"
"""Sections, in this order."""


@dataclass(frozen=True)
class Finding:
    """One thing that is there, or is not."""

    section: str
    what: str
    works: bool
    """What does not work need not hinder a build: ``Diagnosis.error`` tells what does."""
    says: str
    fix: str = ""
    """The one command that brings it; where there is none, what to do."""
    hint: str = ""
    """More about it, where the command is not for everybody."""


@dataclass(frozen=True)
class Diagnosis:
    """All findings, and what a build would do with them."""

    findings: tuple[Finding, ...]
    engine: str
    """What a build takes, ``host`` or ``buildkit``; empty when there can be none."""
    project: str = ""
    """Name of the project; empty where there is none that can be read."""
    notes: tuple[str, ...] = ()
    """What was decided for the user and why."""
    error: MultiarchError | None = None
    """Why there can be none."""


_ODD = (MultiarchError, OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError)
"""What looking at an odd machine may raise: it hides nothing of the rest."""


def looked(section: str, what: str, find: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what *find* finds; where that cannot be found out, a finding that says so."""
    try:
        yield from find()
    except _ODD as error:
        said = printable(str(error).partition("\n")[0]) or type(error).__name__
        yield Finding(section, what, works=False, says=f"can't be checked: {said}")
