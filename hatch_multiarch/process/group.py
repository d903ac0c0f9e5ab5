"""Processes that are stopped together, each with the children that it starts."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

if sys.platform == "win32":
    from hatch_multiarch.process.windows_job import Job

GRACE = 3.0
"""Seconds that a stopped process has to clean up behind itself before it is killed."""


class Stopped(Exception):  # noqa: N818 - not an error: someone asked for it
    """The group was stopped before or while the process ran."""


class Child(subprocess.Popen[str]):
    """A process, with the children that it starts."""

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        if sys.platform == "win32":
            self._job = Job(self)

    def signal(self, name: str) -> None:
        """Send SIG*name* to all of them; Windows has no signals and just ends them."""
        if sys.platform == "win32":
            self._job.end()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.Signals[f"SIG{name}"])

    def release(self) -> None:
        """Let go of those that still run; none of them can be signalled any more."""
        if sys.platform == "win32":
            self._job.close()


class Group:
    """Processes that are stopped together, whichever threads wait for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: set[Child] = set()
        self.stopped = False

    def stop(self) -> None:
        """Stop every process of the group, with the children it has; no other one starts."""
        with self._lock:
            self.stopped = True
            live = list(self._live)
        for child in live:
            child.signal("INT")
        deadline = time.monotonic() + GRACE
        for child in live:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            child.signal("KILL")

    def start(
        self, command: list[str], cwd: Path | None, env: Mapping[str, str] | None, stdin: int
    ) -> Child:
        """Start *command*, its output in pipes. Raises OSError, and Stopped after ``stop``."""
        with self._lock:
            if self.stopped:
                raise Stopped
            child = Child(
                command,
                cwd=cwd,
                env=None if env is None else dict(env),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                # A session of its own, so that a compiler's own children can be stopped with it.
                start_new_session=True,
            )
            self._live.add(child)
            return child

    def end(self, child: Child) -> None:
        """Forget *child*, which has ended."""
        with self._lock:
            self._live.discard(child)
            child.release()
