"""Progress of uploads and downloads."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_OFTEN = 0.25
"""Seconds between two words."""
_WIDTH = 20
"""Of the bar, in characters that every terminal has."""


class Progress:
    """Bytes of *total* moved, by several threads.

    *doing* hears ``uploaded [#####---------------] 25 %, 1.0 of 4.0 MB``.
    """

    def __init__(self, verb: str, total: int, doing: Callable[[str], None]) -> None:
        self._verb, self._total, self._doing = verb, total, doing
        self._moved, self._told = 0, 0.0
        self._lock = threading.Lock()

    def moved(self, count: int) -> None:
        """Count; what is moved again counts again, up to the whole."""
        with self._lock:
            self._moved = min(self._moved + count, self._total)
            now = time.monotonic()
            if now - self._told >= _OFTEN:
                self._told = now
                share = self._moved / self._total if self._total else 1.0
                bar = ("#" * int(share * _WIDTH)).ljust(_WIDTH, "-")
                of = f"{self._moved / 1e6:.1f} of {self._total / 1e6:.1f} MB"
                self._doing(f"{self._verb} [{bar}] {share:.0%}, {of}".replace("%", " %"))
