"""A second docker daemon, with the older image store, and without network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from engine_fixture import docker
from support import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine_fixture import Engine


def daemon_program() -> Path:
    """Return the daemon; `.ci/engine` unpacks it beside its docker, as Debian has it."""
    command = shutil.which("docker")
    beside = Path(command).resolve().parents[1] / "sbin/dockerd" if command else None
    if beside is None or not beside.is_file() or os.geteuid() != 0:
        missing("dockerd (.ci/engine), and root")
    return beside


@pytest.fixture(scope="session")
def classic(engine: Engine) -> Iterator[Engine]:
    """Start the daemon, with a containerd of its own; return the engine that it is."""
    program = daemon_program()
    # A socket's path holds at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="hm-", dir="/tmp"))
    address = f"unix://{folder}/docker.sock"
    settings = {
        "hosts": [address],
        "data-root": f"{folder}/data",
        "exec-root": f"{folder}/run",
        "pidfile": f"{folder}/pid",
        "features": {"containerd-snapshotter": False},
        "bridge": "none",
        "iptables": False,
        "ip6tables": False,
    }
    (folder / "dockerd.json").write_text(json.dumps(settings), "utf-8")
    beside = os.pathsep.join([str(program.parents[1] / "bin"), str(program.parent)])
    env = {**engine.env, "PATH": os.pathsep.join([beside, engine.env["PATH"]])}
    found = replace(engine, env={**engine.env, "DOCKER_HOST": address})
    words = [program, "--config-file", folder / "dockerd.json"]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(words, stdout=log, stderr=log, env=env)
    try:
        end = time.monotonic() + 60
        while not (folder / "docker.sock").is_socket() or not answers(found):
            assert child.poll() is None, (folder / "log").read_text("utf-8")
            assert time.monotonic() < end, (folder / "log").read_text("utf-8")
            time.sleep(0.1)
        yield found
    finally:
        child.terminate()
        child.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def answers(engine: Engine) -> bool:
    try:
        docker(engine, "version")
    except AssertionError:
        return False
    return True
