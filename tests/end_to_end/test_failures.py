"""A build that fails, is interrupted or killed leaves what was there before."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile
from support import clean_env

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

pytestmark = pytest.mark.slow
BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
TWO = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64 linux/arm64"}


def outputs(project: Path) -> dict[str, bytes]:
    """Return every output with a final name."""
    found = [*project.glob("dist/*"), *project.glob("build/multiarch/greeter*")]
    return {path.name: path.read_bytes() for path in found if not path.name.startswith(".")}


@pytest.fixture
def built(project: Path, run: Callable[..., Ran]) -> Path:
    run(*BUILD, cwd=project, **TWO)
    return project


def test_a_platform_that_fails_shows_the_compiler_and_changes_nothing(
    built: Path, run: Callable[..., Ran]
) -> None:
    before = outputs(built)
    broken = "package main\n\nfunc init() { undefinedThing() }\n"
    (built / "helpers/greet/only_arm64.go").write_text(broken)
    said = run(*BUILD, cwd=built, code=5, **TWO).out
    assert "greet linux/arm64" in said
    assert "./only_arm64.go:3:15: undefined: undefinedThing" in said
    assert "Traceback" not in said
    assert outputs(built) == before


def test_an_audit_that_fails_changes_nothing(built: Path, run: Callable[..., Ran]) -> None:
    before = outputs(built)
    (built / "prebuilt").mkdir()
    shutil.copy(built / "build/multiarch/bin/linux-amd64/greet", built / "prebuilt")
    pyproject = built / "pyproject.toml"
    pyproject.write_text(
        pyproject.read_text() + '\n[[tool.multiarch.overrides]]\nplatforms = "linux/arm64"\n'
        'helpers.greet.prebuilt = "prebuilt/greet"\n'
    )
    text = pyproject.read_text().replace('ldflags = ["-X main.version={version}"]', "")
    pyproject.write_text(text)
    said = run(*BUILD, cwd=built, code=6, **TWO).out
    assert "amd64" in said
    assert "Traceback" not in said
    assert outputs(built) == before


def test_a_dynamic_helper_on_scratch_is_refused(built: Path, run: Callable[..., Ran]) -> None:
    before = outputs(built)
    pyproject = built / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('helpers = ["greet"]', ""))
    said = run(*BUILD, cwd=built, code=3, **TWO).out
    assert said.startswith(
        "error: tool.multiarch.image.base: tone on linux/amd64 is linked against glibc "
        "(glibc:2.17), which scratch doesn't contain; set tool.multiarch.helpers.tone.libc"
    )
    assert outputs(built) == before


def complete(project: Path) -> None:
    """Assert that every file with a final name is whole."""
    for path in project.glob("dist/*.whl"):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert any(name.endswith("RECORD") for name in archive.namelist())
    for path in project.glob("build/multiarch/bin/*/[!.]*"):
        with path.open("rb") as file:
            elf = ELFFile(file)
            # The section headers are the last thing in the file.
            assert elf["e_shoff"] + elf["e_shnum"] * elf["e_shentsize"] <= path.stat().st_size


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_build_cut_short_leaves_nothing_partial(
    project: Path, run: Callable[..., Ran], sent: signal.Signals
) -> None:
    """Cut the build at many moments, the last ones while it writes its outputs."""
    begun = time.monotonic()
    run(*BUILD, cwd=project, **TWO)
    whole = time.monotonic() - begun
    for step in range(8):
        (project / "helpers/greet/step.go").write_text(f"package main\n\nconst step = {step}\n")
        process = subprocess.Popen(
            BUILD,
            cwd=project,
            env=clean_env(**TWO),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.2 + whole * step / 8)
        # As a terminal does: the signal goes to the whole group.
        os.killpg(process.pid, sent)
        process.wait()
        complete(project)
    run(*BUILD, cwd=project, **TWO)
    complete(project)
    assert len(list(project.glob("dist/*.whl"))) == 2


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_a_build_that_is_stopped_tidies_up(project: Path, sent: signal.Signals, code: int) -> None:
    """No traceback, no staging folder, and no compiler that goes on."""
    step = f"package main\n\nconst step = {time.time_ns()}\n"
    (project / "helpers/tone/step.go").write_text(step)
    process = subprocess.Popen(
        BUILD,
        cwd=project,
        env=clean_env(),
        start_new_session=True,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    # Before that it is Python's and hatchling's time, and their way to end.
    deadline = time.monotonic() + 60
    while not list(project.glob("dist/.multiarch-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(sent)
    # The pipe closes when the last process that has it is gone.
    said, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in said
    assert not list(project.glob("**/.multiarch-*"))
    assert not list(project.glob("dist/*"))
