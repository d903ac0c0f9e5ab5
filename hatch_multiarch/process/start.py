"""Starts programs and waits for them."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.process.group import GRACE, Group, Stopped
from hatch_multiarch.process.signals import held_back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import IO


@dataclass(frozen=True)
class Finished:
    """How a process ended: its exit code, and standard output and error as text."""

    code: int
    out: str
    err: str


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
    with held_back() as release:
        child = group.start(words, cwd, env, stdin)
        try:
            with child:
                try:
                    release()
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
            group.end(child)
    if group.stopped:
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
    words, out = [str(part) for part in command], None if aloud else sys.stderr.fileno()
    with (
        held_back() as release,
        subprocess.Popen(words, cwd=cwd, env=dict(env), stdout=out) as child,
    ):
        try:
            release()
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
