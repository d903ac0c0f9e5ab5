"""`hatch-multiarch doctor`: what works, what does not, and the fix."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support import REPOSITORY

from hatch_multiarch.docker.inspect_output import Builder, Node
from hatch_multiarch.doctor import Finding, on_platform
from hatch_multiarch.errors import RegistryError
from hatch_multiarch.platforms import host
from hatch_multiarch.platforms.binfmt import Emulator

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
        data["all"] = data["findings"]
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
    assert found["error"]["exit_code"] == 8
    assert found["error"]["advice"]
    said = run(*DOCTOR, project, code=8, **env).out
    assert "  ok  python" in said, "the rest is looked at all the same"
    assert "error: DOCKER_BUILDKIT=0 switches BuildKit off\n" in said
    assert "compiles on" not in said
    assert "      fix: unset DOCKER_BUILDKIT\n" in said
    assert re.search(r"\n  --  buildkit +DOCKER_BUILDKIT=0 switches BuildKit off\n", said)


def test_a_compiler_that_the_project_asks_for_and_lacks(
    project: Path, run: Callable[..., Ran], tmp_path: Path
) -> None:
    edit(project, "cgo = true", 'cgo = true\ncompiler = "gcc"')
    env = {"HATCH_MULTIARCH_ENGINE": "host", "HATCH_MULTIARCH_PLATFORMS": "linux/s390x"}
    said = run(*DOCTOR, project, code=4, PATH=str(tmp_path), **env).out
    assert 'error: compiler = "gcc" cannot build linux/s390x' in said
    if host().os == "linux":
        assert "--  gcc for linux/s390x  no s390x-linux-gnu-gcc on PATH" in said


def test_each_platform_says_who_builds_it_and_whether_it_runs(
    project: Path, told: Callable[..., dict[str, Any]]
) -> None:
    found = told(project)
    assert found["project"] == "greeter"
    # Findings come by name, and those of what runs come last: take the section of builds.
    said = {each["what"]: each["says"] for each in builds(project, told)}
    assert list(said)[-2:] == ["darwin/arm64", "windows/amd64"]
    assert said["darwin/arm64"] == "greet by go; runs on darwin only"
    if host().os == "linux":
        assert said[host().name] == "greet by go, tone by zig; runs here"


def builds(project: Path, told: Callable[..., dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    everything = told(project, **more)["all"]
    return [each for each in everything if each["section"] == "platforms of this project"]


def test_what_a_platform_lacks_has_one_command(
    project: Path, told: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    if host().os != "linux":
        pytest.skip("cross-gccs are for Linux")
    path = tmp_path / "bin"
    shim(path, "apt-get", "")
    edit(project, "cgo = true", 'cgo = true\ncompiler = "gcc"')
    env = {"HATCH_MULTIARCH_PLATFORMS": "linux/s390x", "PATH": str(path)}
    [s390x] = builds(project, told, code=4, **env)
    assert s390x["says"] == "tone: there is no s390x-linux-gnu-gcc on PATH"
    sudo = "" if os.geteuid() == 0 else "sudo "
    assert s390x["fix"] == f"{sudo}apt-get install gcc-s390x-linux-gnu libc6-dev-s390x-cross"
    shim(path, "apt-cache", "printf 'gcc:\\n  Installed: (none)\\n  Candidate: 4:12.2.0-3\\n'")
    [s390x] = builds(project, told, code=4, **env)
    assert s390x["fix"] == "", "no command for what apt has not"
    (path / "apt-get").unlink()
    (path / "apt-cache").unlink()
    shim(path, "dnf", "")
    [s390x] = builds(project, told, code=4, **env)
    assert s390x["fix"] == "", "Fedora's cross-gcc has no C library"
    native = env | {"HATCH_MULTIARCH_PLATFORMS": host().name}
    [native] = builds(project, told, code=4, **native)
    assert native["fix"] == f"{sudo}dnf install gcc glibc-devel"


@pytest.mark.parametrize(
    ("has", "fix"),
    [
        ("docker-buildx", "apt-get install docker-buildx"),
        ("docker-buildx-plugin", "apt-get install docker-buildx-plugin"),
        ("docker.io", ""),
    ],
)
def test_a_package_is_named_only_where_apt_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has: str, fix: str
) -> None:
    from hatch_multiarch.doctor import install

    shim(tmp_path / "bin", "apt-get", "")
    absent = "printf 'docker-cli:\\n  Installed: (none)\\n  Candidate: (none)\\n'"
    there = f"printf '{has}:\\n  Installed: (none)\\n  Candidate: 26.1\\n'"
    shim(tmp_path / "bin", "apt-cache", f"{absent}; {there}")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    install._offered.cache_clear()
    try:
        advice = "`sudo apt-get install docker-buildx`; or else another"
        found, hint = install.command(advice)
    finally:
        install._offered.cache_clear()
    assert found.removeprefix("sudo ") == (fix or advice)
    assert hint == (advice if fix else "")


def test_outside_a_project_it_says_so(run: Callable[..., Ran], tmp_path: Path) -> None:
    says = f"no project here: no pyproject.toml with [tool.multiarch] in {tmp_path}\n"
    assert run(*DOCTOR, tmp_path).out.startswith(says)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    assert run(*DOCTOR, cwd=tmp_path).out.startswith(says)


def shim(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


GARBAGE = {
    "bytes": r"printf '\377\033[31m\000\nGo? []\n'; printf 'no\n' >&2",
    "a JSON list": "echo '[]'",
    "JSON of another kind": 'echo \'{"GOVERSION": 3, "GOROOT": [], "Server": "x", "Client": 1}\'',
    "nothing, and fails": "exit 3",
}
PROGRAMS = (
    "go",
    "zig",
    "docker",
    "hatch",
    "gcc",
    "cc",
    "aarch64-linux-gnu-gcc",
    "x86_64-linux-gnu-gcc",
)


@pytest.mark.parametrize("says", GARBAGE)
@pytest.mark.parametrize("inside", [True, False])
def test_programs_that_talk_nonsense(
    project: Path, run: Callable[..., Ran], tmp_path: Path, says: str, *, inside: bool
) -> None:
    """Each is a finding; none is a traceback, or hides what stands below it."""
    path = tmp_path / "bin"
    for name in PROGRAMS:
        shim(path, name, GARBAGE[says])
    (path / "qemu-s390x").write_text("no program at all")
    edit(project, "cgo = true", 'cgo = true\ncompiler = "gcc"')
    env = {"PATH": str(path), "HATCH_MULTIARCH_PLATFORMS": "linux/amd64,linux/arm64"}
    said = run(*DOCTOR, project if inside else tmp_path, **env).out
    assert "Traceback" not in said
    assert "\033" not in said
    assert "can't be checked" not in said
    assert "  ok  python" in said
    assert "  --  docker" in said or "  --  builder" in said
    assert "platforms that run here" in said


@pytest.mark.parametrize("platform", ["empty", "a folder named go", "not to be executed"])
def test_what_is_no_program_at_all(run: Callable[..., Ran], tmp_path: Path, platform: str) -> None:
    path = tmp_path / "bin"
    for name in PROGRAMS:
        shim(path, name, "")
        if platform == "a folder named go":
            (path / name).unlink()
            (path / name).mkdir()
        else:
            (path / name).write_bytes(b"")
            (path / name).chmod(0o755 if platform == "empty" else 0o644)
    said = run("env", "-u", "HOME", *DOCTOR, tmp_path, PATH=f"{path}:/usr/bin").out
    assert "Traceback" not in said
    assert "platforms that run here" in said


def test_a_folder_that_is_gone(tmp_path: Path, run: Callable[..., Ran]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {' '.join(DOCTOR)} --json"
    said = run("sh", "-c", script, code=1, PYTHONPATH=str(REPOSITORY)).out
    assert json.loads(said)["error"]["message"].startswith("the current folder no longer exists")


def test_a_socket_without_permission(
    engine: Engine, tmp_path: Path, told: Callable[..., dict[str, Any]], run: Callable[..., Ran]
) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        # Root opens what it likes, unless it gives that away.
        plain = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
        env = {"DOCKER_HOST": f"unix://{path}", "BUILDX_BUILDER": ""}
        found = json.loads(run(*plain, *DOCTOR, "--json", tmp_path, **env).out)
    [docker] = [each for each in found["findings"] if each["what"] == "docker" and each["fix"]]
    assert docker["says"].startswith("this user may not use docker's socket")
    assert "usermod -aG docker" in docker["fix"]


@pytest.mark.parametrize("kept", ["config", "helper", "nobody"])
def test_whether_there_is_a_login_and_nothing_of_it(
    project: Path, run: Callable[..., Ran], tmp_path: Path, kept: str
) -> None:
    path = tmp_path / "bin"
    config: dict[str, Any] = {"auths": {"elsewhere.example": {"auth": "YTpnZWhlaW0="}}}
    shim(
        path,
        "docker-credential-odd",
        f'echo "$1" >> {tmp_path}/asked\n'
        """echo '{"https://registry.example": "somebody"}'""",
    )
    if kept == "config":
        config["auths"]["registry.example"] = {"auth": "c29tZWJvZHk6Z2VoZWlt"}  # geheim
    elif kept == "helper":
        config["credsStore"] = "odd"
    (tmp_path / "config.json").write_text(json.dumps(config))
    edit(project, "[tool.multiarch.image]", '[tool.multiarch.image]\nname = "registry.example/a/b"')
    said = run(*DOCTOR, "--json", project, DOCKER_CONFIG=str(tmp_path), PATH=str(path)).out
    assert "geheim" not in said
    assert "somebody" not in said
    findings = json.loads(said)["findings"]
    [login] = [each for each in findings if each["what"] == "login to registry.example"]
    where = {"config": f"in {tmp_path}/config.json", "helper": "in docker-credential-odd"}
    assert login["works"] == (kept != "nobody")
    assert login["says"] == where.get(kept, "none: only pushes without a login can work")
    assert login["fix"] == ("docker login registry.example" if kept == "nobody" else "")
    if kept == "helper":
        assert (tmp_path / "asked").read_text() == "list\n", "a secret is not even asked for"


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    from hatch_multiarch.registry.credentials import find_login

    def nobody(number: int) -> None:
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(RegistryError, match="this user has no home"):
        find_login("registry.example", {})


def test_a_project_that_cannot_be_planned_or_read(project: Path, run: Callable[..., Ran]) -> None:
    edit(project, "cgo = true", 'cgo = true\nsource = "helpers/none"')
    said = run(*DOCTOR, project, code=3).out
    assert "  ok  python" in said
    assert "error: tool.multiarch.helpers.tone.source: " in said
    edit(project, "cgo = true", 'cgo = "yes"')
    said = run(*DOCTOR, project, code=2).out
    assert said.startswith("the project here can't be read, so everything is checked\n")
    assert "  ok  python" in said
    assert "error: tool.multiarch.helpers.tone.cgo: expected true or false" in said


@pytest.mark.containerd_store
def test_with_an_engine_it_names_builder_and_nodes(
    engine: Engine, project: Path, told: Callable[..., dict[str, Any]]
) -> None:
    env = {"HATCH_MULTIARCH_ENGINE": "auto", "BUILDX_BUILDER": "default", "KUBECONFIG": "/none"}
    found = told(project, **env)
    assert found["engine"] == "buildkit"
    findings = found["findings"]
    assert all(findings[name]["works"] for name in ("docker", "buildx", "builder", "node default"))
    assert findings["builder"]["says"].startswith("default, driver docker")
    usable = {"buildkit", "host", "driver docker", "driver docker-container", "driver remote"}
    engines = [each for each in found["all"] if each["section"] == "engines"]
    assert {each["what"] for each in engines if each["works"]} == usable
    assert findings["driver kubernetes"]["says"] == "there is no kubeconfig"
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
    assert builder["fix"] == "hatch-multiarch builder create"
    assert "default" in builder["hint"]
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
def test_how_a_platform_runs(
    emulator: Emulator, says: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    expected = Finding(PLATFORMS, "linux/arm64", not fix, says, fix)
    assert on_platform(emulator) == expected


@pytest.mark.parametrize(
    ("server", "containerd", "says"),
    [
        ("26.1.5", True, "can be used"),
        ("26.1.5", False, "can be used; its image store is not containerd's"),
        ("", False, "no daemon answers"),  # of whose store nobody knows
    ],
)
def test_what_is_said_of_docker_s_image_store(server: str, containerd: bool, says: str) -> None:
    from packaging.version import Version

    from hatch_multiarch.docker.locate_buildx import Buildx
    from hatch_multiarch.doctor.docker_check import Docker, drivers

    builder = Builder("far", "remote", (), containerd=containerd)
    docker = Docker(Buildx("docker", Version("0.29"), {}, server), builder)
    [found] = [each for each in drivers(docker, {}) if each.what == "driver docker"]
    assert found.says.startswith(says)
    assert ("store" in found.says) == (server != "" and not containerd)


def test_elsewhere_than_on_linux_docker_s_nodes_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    from hatch_multiarch.doctor import platform_check
    from hatch_multiarch.doctor.docker_check import Docker
    from hatch_multiarch.platforms import lookup

    monkeypatch.setattr(platform_check.sys, "platform", "darwin")
    node = Node("desktop", "x", "running", ("linux/arm64", "linux/amd64"), "linux/arm64", "", "")
    docker = Docker(None, Builder("desktop", "docker", (node,), containerd=True))
    wanted = [lookup("linux/amd64"), lookup("linux/s390x")]
    amd64, s390x = platform_check.running([each for each in wanted if each], docker)
    assert (amd64.works, amd64.says) == (True, "in docker, on the node desktop")
    assert s390x.fix == "hatch-multiarch emulators install linux/s390x"
