"""The Docker engine that tests of BuildKit run against: `.ci/engine up`, or the reader's own."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest
from support import clean_env, missing

if TYPE_CHECKING:
    from pathlib import Path

RACE = re.compile(r"HEAD request to \S+/manifests/\S+: 500 ")


@dataclass(frozen=True)
class Engine:
    """A running engine, a registry that it reaches, and base images in that registry."""

    env: dict[str, str]
    """The whole environment of a command that is to use the engine."""
    registry: str
    """HOST:PORT, plain http, images may be pushed and deleted."""
    builder_image: str
    """A Debian of this machine's architecture on which apt works."""
    python_image: str
    """An index of linux/amd64, linux/arm64 and linux/arm/v7; each has python3 and sh."""
    network: str
    """The network in which RUN steps reach package indexes: `host`, or empty for the default."""


@pytest.fixture(scope="session")
def engine() -> Engine:
    if "HM_TEST_REGISTRY" not in os.environ:
        missing('a Docker engine: eval "$(.ci/engine up)" (docs/contributing.md)')
    return Engine(
        clean_env(),
        os.environ["HM_TEST_REGISTRY"],
        os.environ["HM_TEST_BUILDER_IMAGE"],
        os.environ["HM_TEST_PYTHON_IMAGE"],
        os.environ.get("HM_TEST_NETWORK", ""),
    )


@cache
def has_containerd_store() -> bool:
    """Tell whether docker keeps images in containerd, and not in its own, older store."""
    words = ["docker", "info", "--format", "{{json .DriverStatus}}"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return "io.containerd.snapshotter" in told


def docker(engine: Engine, *words: str | Path) -> str:
    """Run docker and return what it prints; a failure fails the test and shows what it said.

    Docker's own builder pushes the manifests of an index at once and asks for the tag meanwhile.
    Debian's registry rewrites a tag's file in place, and answers 500 to whoever reads it just then
    (one push of twenty): such a push is tried again.
    """
    for tries in (3, 2, 1):
        done = subprocess.run(
            ["docker", *words], env=engine.env, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return done.stdout
        if tries == 1 or not RACE.search(done.stderr):
            break
    # What waits for a daemon catches this, as it would not pytest's own Failed.
    raise AssertionError(f"docker {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
