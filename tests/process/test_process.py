"""Standard error line by line while a program runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from hatch_multiarch import process

PYTHON = [sys.executable, "-X", "utf8", "-u", "-c"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")


def test_lines_come_while_the_program_runs():
    heard: list[tuple[str, float]] = []
    program = "import sys, time; print('out'); print('é', file=sys.stderr); time.sleep(1); 1/0"
    begun = time.monotonic()
    done = process.run(
        [*PYTHON, program], on_error_line=lambda line: heard.append((line, time.monotonic()))
    )
    assert (done.code, done.out, done.err) == (1, "out\n", "")
    assert heard[0][0] == "é\n"
    assert heard[-1][0].startswith("ZeroDivisionError")
    assert heard[-1][1] - heard[0][1] > 0.9
    assert time.monotonic() - begun < 20


def test_more_than_a_pipe_holds_on_both():
    program = "import sys\nfor i in range(20000): print(i); print(i, file=sys.stderr)"
    heard: list[str] = []
    done = process.run([*PYTHON, program], on_error_line=heard.append)
    assert done.out.split() == [line.strip() for line in heard] == [str(i) for i in range(20000)]


@pytest.mark.parametrize("again", ["time.sleep(1)", "print(1, file=sys.stderr)"])
def test_time_runs_out(again: str):
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match=r"did not end within 0\.5 s"):
        process.run(
            [*PYTHON, f"import sys, time\nwhile True: {again}"],
            timeout=0.5,
            on_error_line=lambda _: None,
        )
    assert time.monotonic() - begun < 10


def test_what_the_listener_raises_ends_the_program():
    begun = time.monotonic()
    with pytest.raises(ValueError, match="invalid literal"):
        process.run(
            [*PYTHON, "import sys, time; print('x', file=sys.stderr); time.sleep(30)"],
            on_error_line=int,
        )
    assert time.monotonic() - begun < 10


def test_a_group_stops_it_with_its_children():
    """The grandchild holds on to the pipes, and the child does not heed an interrupt."""
    program = """
        import signal, subprocess, sys
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(61)"])
        print("up", file=sys.stderr)
        child.wait()
    """
    group = process.Group()
    caught: list[BaseException] = []
    up = threading.Event()

    def work() -> None:
        try:
            process.run(
                [*PYTHON, textwrap.dedent(program)], group=group, on_error_line=lambda _: up.set()
            )
        except process.Stopped as stopped:
            caught.append(stopped)

    thread = threading.Thread(target=work)
    thread.start()
    assert up.wait(20)
    group.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert len(caught) == 1
    with pytest.raises(process.Stopped):
        process.run([*PYTHON, "pass"], group=group)


@posix
@pytest.mark.parametrize("attached", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_program_starts_leaves_none_behind(
    number: signal.Signals, attached: bool, monkeypatch: pytest.MonkeyPatch
):
    """It comes when the child is there, and nobody has heard of it yet."""
    started: list[subprocess.Popen[str]] = []
    real = subprocess.Popen.__init__

    def interrupted(self, *words, **options):
        real(self, *words, **options)
        started.append(self)
        signal.raise_signal(number)

    monkeypatch.setattr(subprocess.Popen, "__init__", interrupted)
    before = signal.getsignal(number)
    monkeypatch.setattr("hatch_multiarch.process.start.GRACE", 0.1)
    start = partial(process.attached if attached else process.run, cwd=Path.cwd(), env=os.environ)
    with process.terminable(), pytest.raises((KeyboardInterrupt, SystemExit)):
        start(["sleep", "30"])
    [child] = started
    assert child.returncode in {-signal.SIGKILL, -signal.SIGTERM}
    assert signal.getsignal(number) == before


@posix
def test_a_stray_that_holds_the_pipes_does_not_hold_us():
    """It left the session, so that no signal of ours reaches it."""
    stray = "import os, sys, time; os.setsid(); print('x', file=sys.stderr); time.sleep(40)"
    begun = time.monotonic()
    with pytest.raises(ValueError, match="invalid literal"):
        process.run(
            ["sh", "-c", '"$0" -u -c "$1" & sleep 30', sys.executable, stray], on_error_line=int
        )
    assert time.monotonic() - begun < 25


def test_standard_input_is_what_is_given_or_nothing():
    program = "import sys; sys.stdout.write(sys.stdin.read()[::-1])"
    assert process.run([*PYTHON, program], input="äb\n").out == "\nbä"
    assert process.run([*PYTHON, program]).out == ""
    # One that does not read is no error.
    assert process.run([*PYTHON, "pass"], input="x" * 200_000).code == 0
