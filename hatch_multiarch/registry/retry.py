"""Retries: how often, and after which pause (distribution-spec leaves it to clients)."""

from __future__ import annotations

import email.utils
import random
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

    from hatch_multiarch.errors import RegistryError
    from hatch_multiarch.registry.transfer import Pace
    from hatch_multiarch.registry.transport import Answer

_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_NEVER = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED}

_STEP = 1 << 15
"""Bytes of progress that are worth as many tries as a whole blob."""


def passing(status: int) -> bool:
    """Tell whether the same request may be answered otherwise later: 408, 429 and 5xx."""
    return status in _LATER or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _NEVER)


class Tries:
    """Counts the failed tries of one request or one blob, and pauses between them."""

    def __init__(self, pace: Pace, stopped: threading.Event) -> None:
        self._pace = pace
        self._stopped = stopped
        self._failed = 0
        self._best = 0

    def reached(self, offset: int) -> None:
        """Begin to count anew when a blob has come a step farther, to *offset*, than ever before.

        A byte for each try is no step: so a transfer would go on for ever.
        """
        if offset - self._best >= _STEP:
            self._best, self._failed = offset, 0

    def wait(self, error: RegistryError, answer: Answer | None = None) -> None:
        """Wait before the next try; raise *error* when this was the last one.

        The pause doubles, by chance up to half less, so that threads and machines that failed at
        once do not come back at once. ``Retry-After`` (RFC 9110, 10.2.3) of *answer* goes first.
        """
        self._failed += 1
        if self._failed >= self._pace.tries or self._stopped.is_set():
            raise error
        pause = min(self._pace.first * 2 ** (self._failed - 1), self._pace.longest)
        pause *= random.uniform(0.5, 1)  # noqa: S311 - no secret
        told = _retry_after(answer) if answer is not None else 0.0
        if told > self._pace.longest:
            raise error
        if self._stopped.wait(max(pause, told)):
            raise error


def _retry_after(answer: Answer) -> float:
    """Return the seconds that a registry wants to be left alone: a number, or a date."""
    text = answer.header("Retry-After").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return 0.0
