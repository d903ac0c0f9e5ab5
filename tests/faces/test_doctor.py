"""`hatch-multiarch doctor`: what works, what does not, and the fix."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.buildx.described import Builder, Node
from hatch_multiarch.doctor import Finding, on_platform
from hatch_multiarch.emulators import Emulator
from hatch_multiarch.platforms import host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

DOCTOR = (sys.executable, "-m", "hatch_multiarch", "doctor")
PLATFORMS = "platforms that run here"


@pytest.fixture
def told(run: Callable[..., Ran]) -> Callable[..., dict[str, Any]]:
    """Run `doctor --json`; the findings come by name."""

    def told(folder: Path, code: int = 0, **env: str) -> dict[str, Any]:
        data = json.loads(run(*DOCTOR, "--json", folder, code=code, **env).out)
        data["findings"] = {each["what"]: each for each in data["findings"]}
        return data

    return told


def edit(project: Path, old: str, new: str) -> None:
    path = project / "pyproject.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_without_docker_it_says_how_to_get_it(run: Callable[..., Ran], tmp_path: Path) -> None:
    done = run(*DOCTOR, tmp_path, PATH=str(tmp_path))
    assert "  --  docker" in done
    assert "there is no docker on PATH" in done
    assert "fix: " in done
    assert done.out.endswith(
        "\n`hatch build` compiles on: host\n  not by BuildKit: there is no docker on PATH\n"
    )


def test_in_a_project_only_what_it_needs_is_looked_at(
    project: Path, told: Callable[..., dict[str, Any]]
) -> None:
    found = told(project, HATCH_MULTIARCH_ENGINE="auto", DOCKER_BUILDKIT="0")
    assert found["engine"] == "host"
    assert any("not by BuildKit: DOCKER_BUILDKIT=0" in each for each in found["notes"])
    assert found["error"] is None
    names = set(found["findings"])
    assert {"python", "go", "zig", "docker"} <= names
    assert not any(name.startswith("gcc") for name in names)
    if host().os == "linux":
        mine = [n for n, each in found["findings"].items() if each["section"] == PLATFORMS]
        assert mine == ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/riscv64"]


def test_an_engine_that_must_work_and_does_not(
    project: Path, run: Callable[..., Ran], told: Callable[..., dict[str, Any]]
) -> None:
    env = {"HATCH_MULTIARCH_ENGINE": "buildkit", "DOCKER_BUILDKIT": "0"}
    found = told(project, code=8, **env)
    assert found["engine"] == ""
    assert found["error"]["message"] == "DOCKER_BUILDKIT=0 switches BuildKit off"
    assert found["error"]["advice"]
    said = run(*DOCTOR, project, code=8, **env).out
    assert "  ok  python" in said, "the rest is looked at all the same"
    assert "error: DOCKER_BUILDKIT=0 switches BuildKit off\n" in said
    assert "compiles on" not in said


def test_a_compiler_that_the_project_asks_for_and_lacks(
    project: Path, run: Callable[..., Ran], tmp_path: Path
) -> None:
    edit(project, "cgo = true", 'cgo = true\ncompiler = "gcc"')
    env = {"HATCH_MULTIARCH_ENGINE": "host", "HATCH_MULTIARCH_PLATFORMS": "linux/s390x"}
    said = run(*DOCTOR, project, code=4, PATH=str(tmp_path), **env).out
    assert 'error: compiler = "gcc" cannot build linux/s390x' in said
    if host().os == "linux":
        assert "--  gcc for linux/s390x  no s390x-linux-gnu-gcc on PATH" in said


def test_a_project_that_cannot_be_planned_or_read(project: Path, run: Callable[..., Ran]) -> None:
    edit(project, "cgo = true", 'cgo = true\nsource = "helpers/none"')
    said = run(*DOCTOR, project, code=3).out
    assert "  ok  python" in said
    assert "error: tool.multiarch.helpers.tone.source: " in said
    edit(project, "cgo = true", 'cgo = "yes"')
    assert run(*DOCTOR, project, code=2).out.startswith("error: tool.multiarch.helpers.tone.cgo")


def test_with_an_engine_it_names_builder_and_nodes(
    engine: Engine, project: Path, told: Callable[..., dict[str, Any]]
) -> None:
    found = told(project, HATCH_MULTIARCH_ENGINE="auto", BUILDX_BUILDER="default")
    assert found["engine"] == "buildkit"
    findings = found["findings"]
    assert all(findings[name]["works"] for name in ("docker", "buildx", "builder", "node default"))
    assert findings["builder"]["says"].startswith("default, driver docker")
    assert "running, is linux/" in findings["node default"]["says"]


def test_without_a_project_it_tells_of_every_platform(
    engine: Engine, tmp_path: Path, told: Callable[..., dict[str, Any]]
) -> None:
    found = told(tmp_path, BUILDX_BUILDER="default")
    assert (found["engine"], found["notes"]) == ("buildkit", [])
    assert found["findings"][host().name]["says"] == "this processor"
    assert found["findings"][f"gcc for {host().name}"]["section"] == "this machine"
    assert "linux/loong64" in found["findings"]


def test_a_builder_that_does_not_exist(
    engine: Engine, project: Path, told: Callable[..., dict[str, Any]]
) -> None:
    found = told(project, HATCH_MULTIARCH_ENGINE="auto", BUILDX_BUILDER="nowhere")
    assert found["engine"] == "host"
    builder = found["findings"]["builder"]
    assert builder["says"].startswith("there is no builder 'nowhere'")
    assert "default" in builder["fix"]
    required = told(project, code=8, BUILDX_BUILDER="nowhere", HATCH_MULTIARCH_ENGINE="buildkit")
    assert required["error"]["message"] == builder["says"]


@pytest.mark.parametrize(
    ("emulator", "says", "fix"),
    [
        (Emulator("linux/arm64", True, False, "", False), "this processor", ""),
        (Emulator("linux/arm64", False, True, "/q", True), "/q", ""),
        (
            Emulator("linux/arm64", False, True, "/q", False),
            "/q, but not in containers: its binfmt_misc entry has no flag F",
            "hatch-multiarch emulators install linux/arm64",
        ),
        (
            Emulator("linux/arm64", False, True, "", True),
            "an emulator outside of this container",
            "",
        ),
        (
            Emulator("linux/arm64", False, False, "", False, "qemu-aarch64"),
            "its emulator qemu-aarch64 is switched off",
            "echo 1 | sudo tee /proc/sys/fs/binfmt_misc/qemu-aarch64",
        ),
        (
            Emulator("linux/arm64", False, False, "", False),
            "no emulator is registered",
            "hatch-multiarch emulators install linux/arm64",
        ),
    ],
)
def test_how_a_platform_runs(emulator: Emulator, says: str, fix: str) -> None:
    expected = Finding(PLATFORMS, "linux/arm64", not fix, says, fix)
    assert on_platform(emulator) == expected


def test_elsewhere_than_on_linux_docker_s_nodes_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    from hatch_multiarch import doctor
    from hatch_multiarch.platforms import lookup

    monkeypatch.setattr(doctor.sys, "platform", "darwin")
    node = Node("desktop", "x", "running", ("linux/arm64", "linux/amd64"), "linux/arm64", "", "")
    docker = doctor._Docker(None, Builder("desktop", "docker", (node,), containerd=True))
    wanted = [lookup("linux/amd64"), lookup("linux/s390x")]
    amd64, s390x = doctor._run([each for each in wanted if each], docker)
    assert (amd64.works, amd64.says) == (True, "in docker, on the node desktop")
    assert s390x.fix == "hatch-multiarch emulators install linux/s390x"
