"""What tests of builds share."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from engine_fixture import Engine


@pytest.fixture
def repository(engine: Engine) -> Generator[str]:
    """Return a name for images, without a registry; docker keeps none of it afterwards."""
    name = f"test-{os.urandom(6).hex()}"
    yield name
    # As well as docker can: it fails to list images while another test removes one.
    words = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]
    found = subprocess.run(words, env=engine.env, capture_output=True, text=True, check=False)
    if mine := [each for each in found.stdout.split() if name in each]:
        words = ["docker", "image", "rm", *mine]
        subprocess.run(words, env=engine.env, capture_output=True, check=False)
