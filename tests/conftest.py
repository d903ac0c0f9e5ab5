"""What all tests share: the example built once, and runs of real programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from hatch_multiarch.toolchain import find_zig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REPOSITORY = Path(__file__).parent.parent
QEMU = {"linux/arm64": "aarch64", "linux/arm/v7": "arm", "linux/riscv64": "riscv64"}


def clean_env(**more: str) -> dict[str, str]:
    """Return this process's environment without switches that would steer a build."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HATCH_", "SOURCE_DATE"))}
    return {**env, "NO_COLOR": "1", **more}


@dataclass(frozen=True)
class Ran:
    code: int
    out: str

    def __contains__(self, text: str) -> bool:
        return text in self.out


@pytest.fixture(scope="session")
def run() -> Callable[..., Ran]:
    """Run a program to its end; a wrong exit code fails the test and shows what it said."""

    def run(*command: str | Path, cwd: Path | None = None, code: int = 0, **env: str) -> Ran:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env=clean_env(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        said = f"$ {' '.join(map(str, command))}\n{done.stdout}"
        assert done.returncode == code, f"exit code {done.returncode}, not {code}\n{said}"
        return Ran(done.returncode, done.stdout)

    return run


def missing(what: str) -> NoReturn:
    """Skip a test whose outside witness is not on this machine; in CI everything has to run."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing; .ci/packages installs it")
    pytest.skip(f"needs {what}")


def need(program: str) -> str:
    """Return the path of a program that the tests use as an outside witness."""
    return shutil.which(program) or missing(program)


@pytest.fixture(scope="session")
def emulate() -> Callable[[str], list[str]]:
    """Return the words that run a program of a platform here: qemu-user, or none."""

    def emulate(platform: str) -> list[str]:
        if platform not in QEMU:
            return []
        return [need(f"qemu-{QEMU[platform]}-static")]

    return emulate


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a fresh copy of the example project."""
    return copy_example(tmp_path / "greeter")


def copy_example(target: Path) -> Path:
    ignore = shutil.ignore_patterns("dist", "build", "__pycache__", ".nox")
    shutil.copytree(REPOSITORY / "example_project", target, ignore=ignore)
    return target


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


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]) -> Example:
    root = copy_example(tmp_path_factory.mktemp("example") / "greeter")
    said = run(sys.executable, "-m", "hatchling", "build", cwd=root)
    return Example(root, said.out)


@pytest.fixture(scope="session")
def links(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]) -> dict[str, str]:
    """Return the environment in which isolated builds find this checkout's plugin.

    hatch keeps build environments by project; each test session gets a place of its own for them.
    zig is on PATH, so that only the tests about bringing compilers install it (400 MB) each time.
    """
    zig = Path(find_zig("==0.17.1").path).parent
    folder = tmp_path_factory.mktemp("links")
    source = folder / "source"
    ignore = shutil.ignore_patterns(".*", "dist", "build", "tests", "__pycache__")
    shutil.copytree(REPOSITORY, source, ignore=ignore)
    shutil.copy(REPOSITORY / ".gitignore", source)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=source)
    return {
        "PIP_FIND_LINKS": " ".join(filter(None, [str(folder), os.environ.get("PIP_FIND_LINKS")])),
        "UV_FIND_LINKS": str(folder),
        "HATCH_DATA_DIR": str(folder / "hatch"),
        "PATH": os.pathsep.join([str(zig), os.environ["PATH"]]),
    }


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


@pytest.fixture
def venv(tmp_path: Path, run: Callable[..., Ran]) -> Venv:
    run(sys.executable, "-m", "uv", "venv", "--python", sys.executable, tmp_path / "venv")
    return Venv(tmp_path / "venv", run)
