"""Progress for outputs that are no terminal: plain lines, or nothing."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from hatch_multiarch.report.console.formatting import duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_multiarch.plan import Unit


class Silent:
    """Nobody watches."""

    def started(self, unit: Unit) -> None:
        """Say nothing."""

    def finished(self, unit: Unit, seconds: float, *, cached: bool) -> None:
        """Say nothing."""

    def failed(self, unit: Unit, error: Exception) -> None:
        """Say nothing: the error itself is on its way."""

    def doing(self, what: str) -> None:
        """Say nothing."""


class Lines:
    """One line for each unit when it is done, in the order in which they finish."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = Lock()

    def started(self, unit: Unit) -> None:
        """Say nothing: a log holds what happened."""

    def finished(self, unit: Unit, seconds: float, *, cached: bool) -> None:
        """Say how long it took."""
        self._line(unit, took(seconds, cached=cached))

    def failed(self, unit: Unit, error: Exception) -> None:  # noqa: ARG002 - it is on its way
        """Say which one it is."""
        self._line(unit, "failed")

    def doing(self, what: str) -> None:
        """Say nothing, as of what starts."""

    def _line(self, unit: Unit, state: str) -> None:
        with self._lock:
            self._say(f"{unit.id} ... {state}")


def took(seconds: float, *, cached: bool) -> str:
    """Return how long a unit took, or that it was there."""
    return "cached" if cached else duration(seconds)
