"""A real registry for each session, and a proxy before it for each test."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from registry.proxy import Proxy
from registry.pushes import Site
from support import missing

if TYPE_CHECKING:
    from collections.abc import Iterator


def registry_program() -> str:
    """Return Debian's registry; `.ci/engine` unpacks it beside its docker."""
    docker = shutil.which("docker")
    beside = Path(docker).resolve().with_name("docker-registry") if docker else None
    if beside is not None and beside.is_file():
        return str(beside)
    return shutil.which("docker-registry") or missing("docker-registry (.ci/engine)")


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start a registry and return its port."""
    program, folder = registry_program(), tmp_path_factory.mktemp("registry")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config.yml").write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        f'storage: {{filesystem: {{rootdirectory: "{folder}/data"}}, delete: {{enabled: true}}}}\n'
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [program, "serve", folder / "config.yml"], stdout=log, stderr=log, env={**os.environ}
        )
    try:
        end = time.monotonic() + 20
        while not listens(port):
            assert child.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.05)
        yield port
    finally:
        child.kill()
        child.wait()
        shutil.rmtree(folder)


@pytest.fixture
def site(store: int, tmp_path: Path) -> Iterator[Site]:
    """Return the registry; nobody is logged in."""
    (tmp_path / "docker").mkdir()
    env = {"PATH": os.environ["PATH"], "DOCKER_CONFIG": str(tmp_path / "docker")}
    yield Site(store, tmp_path, env)
    for each in tmp_path.glob("layout-*"):
        shutil.rmtree(each, ignore_errors=True)


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    with Proxy(site.port) as made:
        yield made


@pytest.fixture
def name() -> str:
    """Return a repository that nobody has used."""
    return f"push-{secrets.token_hex(4)}/greeter"


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which docker is neither on PATH nor named by a variable."""
    path = [
        each
        for each in os.environ["PATH"].split(os.pathsep)
        if not Path(each, "docker").exists() and not Path(each, "docker-buildx").exists()
    ]
    (tmp_path / "docker").mkdir(exist_ok=True)
    env = {
        "PATH": os.pathsep.join(path),
        "DOCKER_CONFIG": str(tmp_path / "docker"),
        "DOCKER_HOST": "unix:///nowhere/docker.sock",
    }
    assert shutil.which("docker", path=env["PATH"]) is None
    return env
