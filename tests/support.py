"""What tests use by name: the example, environments, and witnesses that may be missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.cache.deflate import Streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

    from hatch_multiarch.engine import Binary

REPOSITORY = Path(__file__).parent.parent
QEMU = {"linux/arm64": "aarch64", "linux/arm/v7": "arm", "linux/riscv64": "riscv64"}


def clean_env(**more: str) -> dict[str, str]:
    """Return this process's environment without switches that would steer a build."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HATCH_", "SOURCE_DATE"))}
    # A docker in reach is no reason to compile elsewhere: who tests BuildKit says so. pip would
    # compile all that it installs to bytecode, of which tests import little.
    env |= {"NO_COLOR": "1", "HATCH_MULTIARCH_ENGINE": "host", "PIP_COMPILE": "0"}
    return {**env, **more}


@dataclass(frozen=True)
class Ran:
    code: int
    out: str

    def __contains__(self, text: str) -> bool:
        return text in self.out


def missing(what: str) -> NoReturn:
    """Skip a test whose outside witness is not on this machine (conftest.py has the rules)."""
    pytest.skip(f"needs {what}")


def need(program: str) -> str:
    """Return the path of a program that the tests use as an outside witness."""
    return shutil.which(program) or missing(program)


def load_docs_generator() -> ModuleType:
    """Return docs/generate.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("generate", REPOSITORY / "docs/generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def copy_example(target: Path) -> Path:
    ignore = shutil.ignore_patterns("dist", "build", "__pycache__", ".nox")
    shutil.copytree(REPOSITORY / "example_project", target, ignore=ignore)
    return target


def streams_of(folder: Path, binaries: Iterable[Binary]) -> Streams:
    """Return the deflate streams of *binaries*, without any cache."""
    streams = Streams(folder, BuildCache(None))
    for each in binaries:
        streams.start(each.path, each.sha256)
    return streams


@dataclass(frozen=True)
class Example:
    """The example, built by a plain `hatchling build`."""

    root: Path
    said: str

    @property
    def dist(self) -> Path:
        return self.root / "dist"

    def wheel(self, part: str) -> Path:
        [found] = [path for path in self.dist.glob("*.whl") if part in path.name]
        return found

    @property
    def archive(self) -> Path:
        return self.root / "build/multiarch/greeter-1.0.0.oci.tar"

    @property
    def report(self) -> Path:
        return self.root / "build/multiarch/greeter-1.0.0.json"


@dataclass(frozen=True)
class Library:
    """tests/library_project, a Go library for ctypes, built for four platforms."""

    root: Path

    CALL = "import tuner; print(tuner.frequency(49), tuner.describe('a'))"
    """Python that calls it."""

    @property
    def dist(self) -> Path:
        return self.root / "dist"

    def wheel(self, part: str) -> Path:
        [found] = [path for path in self.dist.glob("*.whl") if part in path.name]
        return found


@dataclass(frozen=True)
class Venv:
    """A virtual environment to install into."""

    root: Path
    run: Callable[..., Ran]

    @property
    def python(self) -> Path:
        return self.root / "bin/python"

    def script(self, name: str, *words: str) -> str:
        return self.run(self.root / "bin" / name, *words).out

    def install(self, installer: str, *words: str | Path, **env: str) -> Ran:
        return self.run(*self.installer(installer), *words, **env)

    def installer(self, name: str) -> Sequence[str | Path]:
        if name == "uv":
            return [sys.executable, "-m", "uv", "pip", "install", "--python", self.python]
        return [sys.executable, "-m", "pip", "--python", self.python, "install"]
