"""The moving view on a real terminal (a pty): it updates, ends, and gives the cursor back."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
SCRIPT = """
import sys, threading, time
from pathlib import Path
from hatch_multiarch.config import Helper, Libc
from hatch_multiarch.report.console import Console
from hatch_multiarch.plan import Unit
from hatch_multiarch.platforms import lookup

def unit(name):
    return Unit(Helper(name), lookup("linux/arm64"), Libc(), "none", Path(), Path(name))

how = sys.argv[1]
units = [unit(f"[b]h{n}") for n in range(int(sys.argv[2]))]
console = Console()

def work(each, n):
    progress.started(each)
    time.sleep(0.4)
    if how == "fail" and n == 1:
        progress.failed(each, ValueError("no"))
    else:
        progress.finished(each, 3.21, cached=n == 0)

try:
    with console.build(units) as progress:
        threads = [threading.Thread(target=work, args=(u, n)) for n, u in enumerate(units)]
        for each in threads:
            each.start()
        if how == "interrupt":
            time.sleep(0.2)
            raise KeyboardInterrupt
        for each in threads:
            each.join()
        if how == "fail":
            raise ValueError("it failed")
except KeyboardInterrupt:
    print("stopped", file=sys.stderr)
except ValueError as error:
    console.error(error)
else:
    print("finished", file=sys.stderr)
"""


@pytest.fixture
def watch():
    """Run the script on a terminal and return every byte that it sent there, as text."""

    def watch(how: str, units: int = 3, *, rows: int = 30, **env: str) -> str:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
        plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with subprocess.Popen(
            [sys.executable, "-c", SCRIPT, how, str(units)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            env={"TERM": "xterm", "PYTHONUTF8": "1", **plain, **env},
        ) as process:
            os.close(theirs)
            got = b""
            while True:
                try:
                    part = os.read(ours, 4096)
                except OSError:  # Linux says so when the other side is closed
                    break
                if not part:
                    break
                got += part
            assert process.wait() == 0, got.decode()
        os.close(ours)
        return got.decode()

    return watch


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def frames(said: str) -> list[str]:
    """Return the frames drawn: each starts with the title."""
    return plain(said).split("Compiling ")[1:]


def test_it_moves_and_goes_away(watch):
    said = watch("finish")
    drawn = frames(said)
    assert len(drawn) >= 3
    assert "0 of 3 done" in drawn[0] or "0 of 3 done" in drawn[1]
    assert "3 of 3 done" in drawn[-1]
    assert re.search(r"✓ +\[b\]h0 +linux/arm64 +cached", drawn[-1])
    assert re.search(r"✓ +\[b\]h1 +linux/arm64 +3\.2 s", drawn[-1])
    # Title, three units and the count, each erased again, and then the next words.
    after = said[said.rindex("3 of 3 done") :]
    assert after.count("\x1b[2K") >= 5
    assert after.rstrip().endswith("finished")


@pytest.mark.parametrize("how", ["finish", "fail", "interrupt"])
def test_the_cursor_comes_back(watch, how):
    said = watch(how)
    assert said.count(HIDE) == said.count(SHOW) == 1
    assert said.index(HIDE) < said.index(SHOW)


def test_a_failure_stays_to_be_seen(watch):
    said = watch("fail")
    assert re.search(r"✗ +\[b\]h1 +linux/arm64 +failed", frames(said)[-1])
    assert "\x1b[2K" not in said[said.rindex("done") :]
    assert plain(said).rstrip().endswith("error: it failed")


def test_more_units_than_rows(watch):
    last = frames(watch("finish", 40, rows=12))[-1]
    assert last.count("linux/arm64") == 8
    assert "40 of 40 done" in last


def test_without_colour(watch):
    said = watch("finish", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", said)
    assert len(frames(said)) >= 3


def test_ascii_only(watch):
    said = watch("finish", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert said.isascii()
    assert re.search(r"\* +\[b\]h0", frames(said)[-1])
