"""What commands print on a real terminal (a pty) of several widths."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import clean_env

if sys.platform == "win32":
    pytest.skip("Windows has no pty", allow_module_level=True)

import fcntl
import pty
import struct
import termios

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Example, Ran

CLI = (sys.executable, "-m", "hatch_multiarch")


def on_terminal(columns: int, *words: str, cwd: Path, **env: str) -> str:
    """Return what a command writes to a terminal of *columns*, its standard error too."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    given = {k: v for k, v in clean_env(**env).items() if k not in ("COLUMNS", "CI")}
    child = subprocess.Popen(
        [*CLI, *words], cwd=cwd, env=given, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:  # Linux says so when the other end is closed
        pass
    finally:
        os.close(ours)
        child.wait(60)
    return said.decode().replace("\r\n", "\n")


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("command", ["plan", "doctor", "emulators"])
def test_no_line_is_wider_and_nothing_is_cut(
    project: Path, run: Callable[..., Ran], command: str, columns: int
) -> None:
    env = {"TERM": "xterm", "NO_COLOR": "1", "DOCKER_BUILDKIT": "0"}
    shown = on_terminal(columns, command, cwd=project, **env)
    piped = run(*CLI, command, cwd=project, **env).out
    assert max(map(len, shown.splitlines())) <= columns
    assert words(shown) == words(piped), "folded between words, and whole"
    assert "\033" not in shown + piped
    if columns == 80 and command == "plan":
        assert max(map(len, piped.splitlines())) > 80, "this test is about something"


def test_inspect_has_its_digests_whole(example: Example, run: Callable[..., Ran]) -> None:
    env = {"TERM": "xterm", "NO_COLOR": "1"}
    narrow = on_terminal(80, "inspect", cwd=example.root, **env)
    wide = on_terminal(200, "inspect", cwd=example.root, **env)
    assert max(map(len, narrow.splitlines())) <= 80
    digests = re.findall(r"sha256:[0-9a-f]{64}", wide)
    assert digests == re.findall(r"sha256:[0-9a-f]{64}", narrow)
    assert len(digests) == 5
    assert wide == run(*CLI, "inspect", cwd=example.root).out


def test_an_error_is_folded_too(project: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("cgo = true", 'cgo = "perhaps"'))
    shown = on_terminal(60, "plan", cwd=project, TERM="xterm", NO_COLOR="1")
    plain = re.sub("\033\\[[0-9;]*m", "", shown)
    assert plain.startswith("error: tool.multiarch.helpers.tone.cgo: expected true or")
    assert max(map(len, plain.splitlines())) <= 60


def test_colours_are_for_those_who_want_them(project: Path) -> None:
    shown = on_terminal(80, "doctor", cwd=project, TERM="xterm", NO_COLOR="")
    assert "\033[32mok\033[0m  python" in shown
    for env in ({"TERM": "dumb", "NO_COLOR": ""}, {"TERM": "xterm", "NO_COLOR": "1"}):
        assert "\033" not in on_terminal(80, "doctor", cwd=project, **env)


def test_json_is_json_on_a_terminal_too(project: Path) -> None:
    shown = on_terminal(40, "plan", "--json", cwd=project, TERM="xterm", NO_COLOR="")
    assert json.loads(shown)["project"] == "greeter"
