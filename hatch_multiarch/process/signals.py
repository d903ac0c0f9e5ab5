"""What SIGINT and SIGTERM do to this process, and when."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end this process as Ctrl-C does, with exit code 143, while the block runs.

    ``docker stop``, ``timeout`` and cancelled CI jobs send it; by default it would end Python on
    the spot and leave the compilers running.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Hold back SIGINT and SIGTERM until the function that this returns is called.

    Their handlers raise an exception. Raised after a child has started, but before the ``try``
    that stops it, the exception would leave the child running. The function restores the handlers
    and delivers the signals that have arrived meanwhile. Python runs handlers in the main thread
    only, so in other threads nothing is held back.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        # What is ignored, or ends the process without Python, stays as it is.
        before = {each: old for each in numbers if callable(old := signal.getsignal(each))}
    came: list[int] = []

    def release() -> None:
        while before:
            signal.signal(*before.popitem())
        while came:
            signal.raise_signal(came.pop(0))

    try:
        for number in before:
            signal.signal(number, lambda number, _: came.append(number))
        yield release
    finally:
        release()
