"""Windows builds what Linux builds, byte for byte, and what either has built is installed there."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Windows
    from support import Example, Library, Ran

HELLO = "Hello world!\nRunning in [amd64] architecture.\n"
LONG = """\
package main

// static int bits(void) { return (int)(sizeof(long) * 8); }
import "C"

import "fmt"

//export Bits
func Bits() C.int { return C.bits() }

func main() { fmt.Printf("C has %d bits in a long.\\n", int(C.bits())) }
"""
"""32 is what only C for Windows says on a 64-bit processor."""


def digests(folder: Path, pattern: str) -> dict[str, str]:
    found = [path for path in sorted(folder.rglob(pattern)) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


def manifests(archive: Path) -> dict[str, str]:
    """Return the digest of the manifest of each platform of the image in an OCI archive."""
    with tarfile.open(archive) as tar:

        def read(name: str) -> dict:
            return json.load(tar.extractfile(name))

        [index] = read("index.json")["manifests"]
        listed = read(f"blobs/{index['digest'].replace(':', '/')}")["manifests"]
    return {json.dumps(each["platform"]): each["digest"] for each in listed}


@pytest.mark.parametrize(
    ("pattern", "count"), [("*.tar.gz", 1), ("*.whl", 4), ("*.oci.tar", 1), ("bin/*/greet*", 4)]
)
def test_windows_and_linux_make_the_same_bytes(
    there: Example, here: Example, pattern: str, count: int
):
    made = digests(there.root, pattern)
    assert len(made) == count
    assert made == digests(here.root, pattern)


def test_the_image_is_the_same_platform_by_platform(there: Example, here: Example):
    made = manifests(there.archive)
    assert len(made) == 2
    assert made == manifests(here.archive)


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_the_wheel_is_installed_and_its_programs_run(
    windows: Windows, there: Example, tmp_path: Path, installer: str
):
    scripts = windows.venv(tmp_path / "venv")
    install(windows, installer, scripts, there.wheel("win_amd64"))
    assert windows.run(scripts / "greeter.exe").out == HELLO
    ask = "import _greeter_helpers as h; print(*h.names(), h.find('greet'))"
    assert windows.run(scripts / "python.exe", "-c", ask).out == (
        f"greet {windows.path(tmp_path)}\\venv\\Lib\\site-packages\\_greeter_helpers\\greet.exe\n"
    )


def install(windows: Windows, installer: str, scripts: Path, wheel: Path) -> None:
    python = windows.path(scripts / "python.exe")
    if installer == "pip":
        words = ["pip", "--python", python, "install"]
    else:
        words = ["uv", "pip", "install", "--python", python]
    windows.run("python", "-m", *words, "--quiet", "--no-index", wheel)


def test_an_editable_install_runs_the_source_tree(windows: Windows, there: Example, tmp_path: Path):
    project = shutil.copytree(there.root, tmp_path / "greeter")
    words = (
        "--quiet",
        "--no-index",
        "--no-build-isolation",
        "--no-warn-script-location",
        "-e",
        ".",
    )
    windows.run("python", "-m", "pip", "install", *words, cwd=project)
    try:
        assert windows.run("greeter").out == HELLO
        ask = "import greeter, _greeter_helpers as h; print(greeter.__file__, h.find('greet'))"
        module, helper = windows.run("python", "-c", ask).out.split()
        assert module == f"{windows.path(project)}\\src\\greeter\\__init__.py"
        assert helper.endswith("\\_greeter_helpers\\greet.exe")
    finally:
        windows.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "greeter")


@pytest.mark.parametrize(
    ("command", "encoding"),
    [("verify", "cp437"), ("doctor", "ascii"), ("plan", "cp1252"), ("inspect", "ascii")],
)
def test_commands_work_in_every_encoding_of_a_console(
    windows: Windows, there: Example, command: str, encoding: str
):
    words = (command, "dist") if command == "verify" else (command,)
    done = windows.run(
        "hatch-multiarch", *words, cwd=there.root, PYTHONIOENCODING=f"{encoding}:strict"
    )
    assert done.out
    assert "Traceback" not in done


@pytest.fixture
def cgo(project: Path) -> Path:
    """Return the example with a cgo helper that Windows has all functions for."""
    (project / "helpers/tone/main.go").write_text(LONG, "utf-8")
    config = project / "pyproject.toml"
    text = config.read_text("utf-8")
    for line in ('libc = "glibc:2.17"\n', 'platforms = "linux/*"\n'):
        assert line in text
        text = text.replace(line, "")
    config.write_text(text, "utf-8")
    return project


def test_a_cgo_program_made_on_linux_runs(
    windows: Windows, cgo: Path, tmp_path: Path, run: Callable[..., Ran]
):
    run(
        sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=cgo,
        HATCH_MULTIARCH_PLATFORMS="windows/amd64", HATCH_MULTIARCH_IMAGE="0",
    )  # fmt: skip
    [wheel] = (cgo / "dist").glob("*.whl")
    scripts = windows.venv(tmp_path / "venv")
    install(windows, "pip", scripts, wheel)
    said = windows.run(scripts / "greeter.exe").out
    assert said == f"{HELLO}C has 32 bits in a long.\n"


def test_a_library_of_a_wheel_made_on_linux_is_called(
    windows: Windows, library: Library, tmp_path: Path
):
    scripts = windows.venv(tmp_path / "venv")
    install(windows, "pip", scripts, library.wheel("win_amd64"))
    said = windows.run(scripts / "python.exe", "-c", library.CALL).out
    assert said.split() == ["440.0", "a", "on", "windows/amd64"]
