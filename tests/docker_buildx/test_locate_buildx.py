"""Each thing that docker can lack has one message with the fix; the real one is found."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from support import missing

from hatch_multiarch import process
from hatch_multiarch.docker import locate_buildx
from hatch_multiarch.docker.install_advice import here
from hatch_multiarch.docker.locate_buildx import MINIMUM, find_buildx
from hatch_multiarch.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from engine_fixture import Engine

SYSTEMS = ("darwin", "win32", "debian", "ubuntu", "linux")
VERSION = "echo github.com/docker/buildx v0.29.1 0a1b2c3"
SERVER = f"echo '{json.dumps({'Client': {'Context': 'default'}, 'Server': {'Version': '28.5.2'}})}'"
DOWN = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?"


def docker(
    folder: Path, buildx: str = VERSION, version: str = SERVER, inspect: str = "exit 1"
) -> dict[str, str]:
    """Write a docker that says what real ones say, and return the environment that finds it."""
    path = folder / "docker"
    path.write_text(
        f'#!/bin/sh\necho "$*" >>{folder}/asked\ncase "$1 $2" in\n"buildx version") {buildx} ;;\n'
        f'"buildx inspect") {inspect} ;;\nversion*) {version} ;;\nesac\n'
    )
    path.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def fails(text: str, out: str = "") -> str:
    return f"echo '{out}'; echo '{text}' >&2; exit 1"


def refused(environ: dict[str, str], system: str = "linux") -> EngineError:
    with pytest.raises(EngineError) as caught:
        find_buildx(environ, system=system)
    assert "\n" not in str(caught.value.message)
    assert caught.value.advice
    return caught.value


def test_the_real_one_is_found(engine: Engine) -> None:
    begin = time.monotonic()
    found = find_buildx(engine.env)
    assert time.monotonic() - begin < 5, "it takes a tenth of a second; the machine may be busy"
    assert found.version >= MINIMUM
    done = process.run([found.docker, "version"], env=found.environ)
    assert f" {found.server}\n" in done.out
    assert "buildx" in found.run("version").out


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    found = find_buildx(docker(tmp_path))
    assert (str(found.version), found.server) == ("0.29.1", "28.5.2")
    assert (tmp_path / "asked").read_text().splitlines() == [
        "buildx version",
        "version --format {{json .}}",
    ]


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3", "0.13.1"),
        ("github.com/docker/buildx v0.17.1-desktop.1 0a1b2c3", "0.17.1"),
        ("github.com/docker/buildx v0.14.0-rc1-11-gabcdef 0a1b2c3", "0.14.0"),
    ],
)
def test_versions_of_distributions_are_read(tmp_path: Path, said: str, version: str) -> None:
    assert str(find_buildx(docker(tmp_path, buildx=f"echo {said}")).version) == version


@pytest.mark.parametrize("system", SYSTEMS)
def test_docker_is_missing(tmp_path: Path, system: str) -> None:
    error = refused({"PATH": str(tmp_path)}, system)
    assert error.message == "there is no docker on PATH"
    fixes = {
        "darwin": "Docker Desktop; or `brew install docker docker-buildx colima`",
        "win32": "winget install",
        "debian": "`sudo apt-get install docker.io docker-cli docker-buildx`",
        "ubuntu": "`sudo apt-get install docker.io docker-buildx`",
        "linux": "install Docker Engine",
    }
    assert fixes[system] in error.advice


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    "said",
    ["docker: unknown command: docker buildx", r"docker: '\''buildx'\'' is not a docker command."],
)
def test_the_plug_in_is_missing(tmp_path: Path, said: str, system: str) -> None:
    error = refused(docker(tmp_path, buildx=fails(said)), system)
    assert error.message == "docker has no buildx plug-in"
    fixes = {"darwin": "brew install docker-buildx", "win32": "winget install Docker.DockerDesktop"}
    apt = "sudo apt-get install docker-buildx"
    default = "docker-buildx-plugin or docker-buildx"
    known = {**fixes, "debian": apt, "ubuntu": apt}
    assert known.get(system, default) in error.advice


def test_the_real_plug_in_is_missing(engine: Engine, tmp_path: Path) -> None:
    for folder in ("/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins"):
        if os.path.exists(f"{folder}/docker-buildx"):  # noqa: PTH110
            missing("a docker whose buildx is in DOCKER_CONFIG")
    error = refused({**engine.env, "DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path)})
    assert error.message == "docker has no buildx plug-in"


@pytest.mark.parametrize("system", SYSTEMS)
def test_it_is_too_old(tmp_path: Path, system: str) -> None:
    said = "echo github.com/docker/buildx v0.9.1 ed00243"
    error = refused(docker(tmp_path, buildx=said), system)
    assert "docker buildx is 0.9.1, which is too old: expected 0.13 or newer" in error.message
    assert "pdate" in error.advice or "newer" in error.advice


def test_it_is_podman(tmp_path: Path) -> None:
    error = refused(docker(tmp_path, buildx="echo buildah 1.39.3"))
    assert "Podman" in error.message


def test_it_is_broken(tmp_path: Path) -> None:
    error = refused(docker(tmp_path, buildx=fails("cannot find libfoo")))
    assert "docker buildx does not work: cannot find libfoo" in error.message


def test_what_is_no_program_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("not a program")
    (tmp_path / "docker").chmod(0o755)
    assert "cannot be started" in refused({"PATH": str(tmp_path)}).message


@pytest.mark.parametrize("value", ["0", "false", "F"])
def test_buildkit_is_switched_off(tmp_path: Path, value: str) -> None:
    env = docker(tmp_path) | {"DOCKER_BUILDKIT": value}
    for system, fix in (("debian", "unset DOCKER_BUILDKIT"), ("win32", "Env:DOCKER_BUILDKIT")):
        error = refused(env, system)
        assert error.message == f"DOCKER_BUILDKIT={value} switches BuildKit off"
        assert fix in error.advice
    assert find_buildx(env | {"DOCKER_BUILDKIT": "1"})


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_daemon_is_down(tmp_path: Path, system: str) -> None:
    told = json.dumps({"Client": {"Context": "default"}, "Server": None})
    error = refused(docker(tmp_path, version=fails(DOWN, told)), system)
    assert error.message == f"docker's daemon does not answer: {DOWN}"
    fix = "Docker Desktop" if system in ("darwin", "win32") else "systemctl start docker"
    assert fix in error.advice


def test_the_virtual_machine_of_docker_is_down(tmp_path: Path) -> None:
    told = json.dumps({"Client": {"Context": "colima"}, "Server": None})
    said = DOWN.replace("/var/run", "/Users/me/.colima/default")
    error = refused(docker(tmp_path, version=fails(said, told)), "darwin")
    assert "colima start" in error.advice


def test_the_real_daemon_is_down(engine: Engine, tmp_path: Path) -> None:
    error = refused({**engine.env, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert f"does not answer: Cannot connect to the Docker daemon at unix://{tmp_path}" in str(
        error
    )
    assert "DOCKER_HOST" in error.advice


def test_the_password_of_an_address_is_not_repeated(engine: Engine) -> None:
    error = refused({**engine.env, "DOCKER_HOST": "tcp://me:secret@127.0.0.1:1"})
    assert "secret" not in str(error)
    assert "daemon does not answer" in error.message


def test_a_daemon_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate_buildx, "TIMEOUT", 0.5)
    error = refused(docker(tmp_path, version="exec sleep 60"))
    assert "does not answer within" in error.message


def test_the_socket_is_closed_to_this_user(tmp_path: Path) -> None:
    said = (
        "permission denied while trying to connect to the Docker daemon socket at "
        "unix:///var/run/docker.sock: Get http://%2Fvar%2Frun%2Fdocker.sock/v1.45/version: denied"
    )
    env = docker(tmp_path, version=fails(said))
    for system in ("debian", "ubuntu", "linux"):
        error = refused(env, system)
        assert error.message == "this user may not use docker's socket (/var/run/docker.sock)"
        assert "sudo usermod -aG docker $USER" in error.advice
    assert "docker-users" in refused(env, "win32").advice
    assert "Docker Desktop" in refused(env, "darwin").advice


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root only")
def test_the_real_socket_is_closed_to_another_user(engine: Engine, tmp_path: Path) -> None:
    """A docker that gives up root first, since nobody else is here."""
    setpriv = shutil.which("setpriv") or missing("setpriv")
    real = find_buildx(engine.env).docker
    words = "--reuid=65534 --regid=65534 --clear-groups --inh-caps=-all"
    (tmp_path / "docker").write_text(
        f'#!/bin/sh\ncase $1 in\nversion) exec {setpriv} {words} {real} "$@" ;;\n'
        f'*) exec {real} "$@" ;;\nesac\n'
    )
    (tmp_path / "docker").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{engine.env['PATH']}"
    assert "may not use docker's socket" in refused({**engine.env, "PATH": path}).message


def test_the_context_is_unknown(engine: Engine) -> None:
    env = {key: text for key, text in engine.env.items() if key != "DOCKER_HOST"}
    error = refused(env | {"DOCKER_CONTEXT": "nowhere"})
    assert error.message == "docker has no context 'nowhere'"
    assert "`docker context ls`" in error.advice


@pytest.fixture
def remote(engine: Engine) -> Generator[str]:
    """Return a builder that is elsewhere and does not answer."""
    name = f"test-{os.urandom(6).hex()}"
    words = ["create", f"--name={name}", "--driver=remote", "--", "tcp://127.0.0.1:1"]
    found = find_buildx(engine.env)
    assert found.run(*words).code == 0
    yield name
    found.run("rm", "--", name)


def test_a_builder_elsewhere_needs_no_daemon(engine: Engine, tmp_path: Path, remote: str) -> None:
    down = {**engine.env, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    found = find_buildx({**down, "BUILDX_BUILDER": remote})
    assert found.server == ""
    refused({**down, "BUILDX_BUILDER": "default"})
    assert find_buildx(down, daemon=False).version >= MINIMUM


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ('ID=debian\nVERSION_ID="13"\n', "debian"),
        ("ID=raspbian\nID_LIKE=debian\n", "debian"),
        ("ID=ubuntu\nID_LIKE=debian\n", "ubuntu"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "ubuntu"),
        ('ID="fedora"\n', "linux"),
        ("", "linux"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no os-release")
def test_the_system_is_read_from_os_release(tmp_path: Path, text: str, system: str) -> None:
    (tmp_path / "os-release").write_text(text)
    assert here(tmp_path / "os-release") == system
