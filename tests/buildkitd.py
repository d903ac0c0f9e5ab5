"""BuildKit alone, built from its Go module: an image for builders' nodes, and nodes to join."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from engine_fixture import docker
from go_programs import compiled

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from engine_fixture import Engine

VERSION = "v0.34.2"
GO = "1.26.8"
"""The least Go that this version builds with (its go.mod)."""
MODULE = "github.com/moby/buildkit"
FLAGS = f"-s -w -X {MODULE}/version.Version={VERSION}"

DOCKERFILE = """
FROM {base}
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    apt-get update -qq && apt-get install -qq --yes --no-install-recommends runc >/dev/null
COPY buildkitd.toml /etc/buildkit/buildkitd.toml
COPY buildkitd buildctl /usr/bin/
ENTRYPOINT ["buildkitd"]
"""
SETTINGS = """
insecure-entitlements = ["network.host"]
[registry."{registry}"]
http = true
"""


def binaries() -> Path:
    """Return the folder of buildkitd and buildctl; compiled once (minutes), then kept."""
    programs = (f"{MODULE}/cmd/buildkitd", f"{MODULE}/cmd/buildctl")
    return compiled("buildkitd", VERSION, *programs, minimum=GO, ldflags=FLAGS)


@pytest.fixture(scope="session")
def buildkit_image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return an image of BuildKit in the engine's registry, for docker-container and `nodes`."""
    name = f"{engine.registry}/buildkitd:{VERSION}"
    context = tmp_path_factory.mktemp("buildkitd")
    for program in binaries().iterdir():
        shutil.copy(program, context)
    (context / "Dockerfile").write_text(DOCKERFILE.format(base=engine.builder_image))
    (context / "buildkitd.toml").write_text(SETTINGS.format(registry=engine.registry))
    network = [f"--network={engine.network}"] if engine.network else []
    # As it is: gzip would take longer than all else.
    output = f"--output=type=registry,name={name},compression=uncompressed"
    docker(engine, "buildx", "build", "--quiet", *network, output, context)
    return name


@dataclass(frozen=True)
class Node:
    """One running buildkitd."""

    engine: Engine
    container: str
    endpoint: str
    """tcp://HOST:PORT, as the remote driver takes it."""

    def buildctl(self, *words: str) -> str:
        return docker(
            self.engine, "exec", self.container, "buildctl", f"--addr={self.endpoint}", *words
        )

    def records(self) -> list[dict[str, Any]]:
        """Return BuildKit's own records of the builds that ran here."""
        said = self.buildctl("debug", "histories", "--format={{json .}}")
        # It tells of a build when it begins and when it ends.
        found = [json.loads(line)["record"] for line in said.splitlines()]
        return list({record["Ref"]: record for record in found}.values())

    def log(self, record: dict[str, Any]) -> str:
        """Return the log that BuildKit kept of a build: its steps, and what they said."""
        return self.buildctl("debug", "logs", record["Ref"])


@contextlib.contextmanager
def node(engine: Engine, image: str, *flags: str) -> Generator[Node, None, None]:
    """Run buildkitd with *flags*, until it is left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    name = f"hm-node-{uuid.uuid4().hex[:8]}"
    there = Node(engine, name, f"tcp://127.0.0.1:{port}")
    docker(
        engine,
        *("run", "--detach", "--privileged", f"--name={name}", "--volume=/var/lib/buildkit"),
        # There it reaches the registry, and is reached, on loopback.
        *("--network=host", image, f"--addr={there.endpoint}", *flags),
    )
    try:
        _wait(there)
        yield there
    finally:
        docker(engine, "rm", "--force", "--volumes", name)


def _wait(there: Node) -> None:
    for _ in range(100):
        with contextlib.suppress(AssertionError):
            there.buildctl("debug", "workers")
            return
        time.sleep(0.2)
    pytest.fail(docker(there.engine, "logs", there.container))
