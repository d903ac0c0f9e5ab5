"""Runs other programs: argument lists only, never a shell.

Every process this package starts passes through ``run``, so a test that forbids processes has
one name to replace, and no user text can ever be parsed by a shell.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO, Any

if sys.platform == "win32":
    from .windows_job import Job

GRACE = 3.0
"""Seconds that a stopped process has to clean up behind itself before it is killed."""


def processors() -> int:
    """Return how many processors this process may use: a container may have fewer than its host."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Finished:
    """How a process ended: its exit code, and standard output and error as text."""

    code: int
    out: str
    err: str


class Stopped(Exception):  # noqa: N818 - not an error: someone asked for it
    """The group was stopped before or while the process ran."""


class _Child(subprocess.Popen[str]):
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
        self._live: set[_Child] = set()
        self._stopped = False

    def stop(self) -> None:
        """Stop every process of the group, with the children it has; no other one starts."""
        with self._lock:
            self._stopped = True
            live = list(self._live)
        for child in live:
            child.signal("INT")
        deadline = time.monotonic() + GRACE
        for child in live:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            child.signal("KILL")

    def _start(
        self, command: list[str], cwd: Path | None, env: Mapping[str, str] | None, stdin: int
    ) -> _Child:
        with self._lock:
            if self._stopped:
                raise Stopped
            child = _Child(
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

    def _end(self, child: _Child) -> None:
        with self._lock:
            self._live.discard(child)
            child.release()


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    group: Group | None = None,
    on_error_line: Callable[[str], object] | None = None,
    input: str | None = None,  # noqa: A002 - as subprocess calls it
) -> Finished:
    """Run *command* to its end and return what it said; a non-zero code is not an error here.

    ``on_error_line`` gets each line of standard error as it comes, with its newline, in the
    calling thread; ``Finished.err`` is empty then. What it raises ends the process. ``input`` is
    what standard input holds, nothing by default; it goes without ``on_error_line``.

    ``timeout`` is in seconds. Raises OSError when the program cannot be started, TimeoutError (an
    OSError) when it outlives its time and Stopped when *group* is stopped.
    """
    group = group or Group()
    stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
    words = [str(part) for part in command]
    child = group._start(words, cwd, env, stdin)  # noqa: SLF001 - one module
    try:
        with child:
            try:
                if on_error_line is None:
                    out, err = child.communicate(input, timeout=timeout)
                else:
                    out, err = _follow(child, timeout, on_error_line), ""
            except BaseException as error:  # also Ctrl-C: what we started does not outlive us
                child.signal("KILL")
                if isinstance(error, subprocess.TimeoutExpired):
                    raise TimeoutError(f"{command[0]} did not end within {timeout} s") from None
                raise
    finally:
        group._end(child)  # noqa: SLF001 - one module
    if group._stopped:  # noqa: SLF001 - one module
        raise Stopped
    return Finished(child.returncode, out, err)


def attached(
    command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], aloud: bool = True
) -> int:
    """Run *command* in this process's own terminal and return its exit code.

    It speaks for itself: what moves still moves, and Ctrl-C reaches it. Where not *aloud*, what it
    writes to standard output goes to standard error. Raises OSError when it cannot be started.
    """
    sys.stdout.flush()
    with subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(env),
        stdout=None if aloud else sys.stderr.fileno(),
    ) as child:
        try:
            return child.wait()
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt):
                child.terminate()  # a terminal's Ctrl-C went to it as well
            for end in (child.terminate, child.kill):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(2 * GRACE)  # it has compilers to stop
                end()
            raise


def _follow(
    child: subprocess.Popen[str], timeout: float | None, on_line: Callable[[str], object]
) -> str:
    """Pass on standard error line by line until *child* has ended; return its standard output.

    Raises subprocess.TimeoutExpired, as ``communicate`` does.
    """
    said = _reading(child)
    end = None if timeout is None else time.monotonic() + timeout

    def left() -> float | None:
        if end is None or timeout is None:
            return None
        if (seconds := end - time.monotonic()) <= 0:
            raise subprocess.TimeoutExpired(child.args, timeout)
        return seconds

    out: list[str] = []
    ends = 0
    while ends < len(_PIPES):
        try:
            name, line = said.get(timeout=left())
        except queue.Empty:
            continue  # left() knows
        if not line:
            ends += 1
        elif name == "stdout":
            out.append(line)
        else:
            on_line(line)
    child.wait(left())
    return "".join(out)


_PIPES = ("stdout", "stderr")


def _reading(child: subprocess.Popen[str]) -> queue.SimpleQueue[tuple[str, str]]:
    """Return where the lines of both pipes of *child* arrive; an empty one ends a pipe."""
    said: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()

    def read(name: str, pipe: IO[str]) -> None:
        try:
            with pipe:
                for line in pipe:
                    said.put((name, line))
        finally:
            said.put((name, ""))

    for name in _PIPES:
        pipe = getattr(child, name)
        # The threads own the pipes: closing one here while a stray grandchild still holds its
        # other end would wait for that grandchild.
        setattr(child, name, None)
        threading.Thread(target=read, args=(name, pipe), daemon=True).start()
    return said


@contextlib.contextmanager
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
