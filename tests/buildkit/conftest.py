"""The example compiled by BuildKit through cross-gcc, and its image pushed, once for all tests."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from buildkit.image_with_go import push_image_with_go
from support import Ran, copy_example

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine

PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7")


@dataclass(frozen=True)
class Built:
    root: Path
    image: str
    """The reference that was pushed, without tag."""
    said: str

    @property
    def report(self) -> dict[str, Any]:
        [file] = (self.root / "build/multiarch").glob("*.json")
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return found

    @property
    def wheels(self) -> list[Path]:
        return sorted((self.root / "dist").glob("*.whl"))


def configure(
    root: Path,
    engine: Engine,
    *,
    platforms: tuple[str, ...] = PLATFORMS,
    tone: str = 'compiler = "gcc"\nlibc = "glibc"',
    image: str = "",
    more: str = "",
) -> None:
    """Turn the example in *root* into one that BuildKit compiles on *engine*."""
    file = root / "pyproject.toml"
    text = file.read_text("utf-8")
    start = text.index("platforms = [")
    end = text.index("]", start) + 1
    text = f'{text[:start]}engine = "buildkit"\nplatforms = {json.dumps(platforms)}{text[end:]}'
    text = text.replace('libc = "glibc:2.17"', tone)
    text = text.replace("[tool.multiarch.image]\n", f"[tool.multiarch.image]\n{image}\n")
    network = f'network = "{engine.network}"\n' if engine.network else ""
    text += f'\n[tool.multiarch.stage]\nimage = "{engine.builder_image}"\n{network}{more}'
    file.write_text(text, "utf-8")


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran], engine: Engine
) -> Built:
    root = copy_example(tmp_path_factory.mktemp("buildkit") / "greeter")
    image = f"{engine.registry}/greeter-test"
    configure(
        root,
        engine,
        image=f'name = "{image}"\ntags = ["{{version}}", "latest"]\n'
        'outputs = ["oci", "registry"]\nannotations = { "com.example.team" = "a, \\"b\\"" }',
    )
    said = run(sys.executable, "-m", "hatchling", "build", cwd=root, HATCH_MULTIARCH_ENGINE="")
    return Built(root, image, said.out)


@pytest.fixture(scope="session")
def go_image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a builder image of linux/amd64 and linux/arm64 with Go in it."""
    return push_image_with_go(engine, tmp_path_factory.mktemp("go-image"))


@pytest.fixture
def buildkit_project(tmp_path: Path, engine: Engine) -> Path:
    """Return a copy of the example for amd64 alone, compiled by BuildKit."""
    root = copy_example(tmp_path / "greeter")
    configure(root, engine, platforms=("linux/amd64",))
    shutil.rmtree(root / "helpers" / "tone" / "build", ignore_errors=True)
    return root


@pytest.fixture
def buildkit(run: Callable[..., Ran]) -> Callable[..., Ran]:
    """Build a project by BuildKit."""

    def build(root: Path, code: int = 0, **env: str) -> Ran:
        command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
        return run(*command, cwd=root, code=code, HATCH_MULTIARCH_ENGINE="", **env)

    return build
