"""Reads a project from disk, for commands and Nox sessions.

A version or metadata plugin that the project requires may be missing where the command runs. Then
the environment in which Hatch builds is asked, or the report of the last build.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Hatchling 1.27 has it here; the module of newer versions cannot be imported from 1.27.
from hatchling.dep.core import dependencies_in_sync  # type: ignore[attr-defined]
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from packaging.requirements import InvalidRequirement, Requirement

from hatch_multiarch import process
from hatch_multiarch.config import Config, read_pyproject
from hatch_multiarch.errors import ConfigError, PlanError, ReportError, ToolchainError
from hatch_multiarch.plan import Project
from hatch_multiarch.report.load import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hatchling.builders.config import BuilderConfig

HATCH_SECONDS = 60
"""Longest time that Hatch, or hatchling in its environment, may take to answer."""


def read_project(root: Path) -> tuple[Project, Config]:
    """Read the project in folder *root* and its config, as the build hook would see them.

    Raises ConfigError for ``[tool.multiarch]``, PlanError when the project's own metadata cannot
    be read, and ToolchainError when that is for want of a plugin.
    """
    config, document = read_pyproject(root / "pyproject.toml")
    metadata = ProjectMetadata(str(root), PluginManager(), document)
    try:
        name, version = metadata.core.raw_name, metadata.version
        table = dict(metadata.core.config)
    except Exception as error:  # metadata plugins raise what they like
        lacks = lacking(requires(document))
        if not lacks:
            says = str(error).partition("\n")[0]
            raise PlanError(f"the project's metadata cannot be read: {says}") from error
        told = _from_hatch(root) or _from_report(root / config.output, document)
        if not told:
            raise lacking_error(lacks) from None
        name, version, table = told["name"], told["version"], {**document["project"], **told}
    return Project(root, name, version, table), config


def requires(document: Mapping[str, Any]) -> list[str]:
    """Return the strings of ``build-system.requires``."""
    system = document.get("build-system")
    found = system.get("requires") if isinstance(system, dict) else None
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def lacking(requirements: Iterable[str]) -> list[str]:
    """Return those of *requirements* that this environment does not meet. Raises ConfigError."""
    try:
        return [each for each in requirements if not dependencies_in_sync([Requirement(each)])]
    except InvalidRequirement as error:
        raise ConfigError([f"build-system.requires: {str(error).partition(chr(10))[0]}"]) from None


def lacking_error(lacks: Iterable[str]) -> ToolchainError:
    """Return the error of an environment without the requirements *lacks*."""
    names = list(lacks)
    listed = " ".join(f'"{each}"' for each in names)
    return ToolchainError(
        f"this environment doesn't have what the project needs to be built: {', '.join(names)}",
        advice=f"`hatch build` installs it automatically; or: pip install {listed}",
    )


def lacks_package(error: Exception) -> bool:
    """Tell whether *error* is hatchling's for a project in which it finds nothing to ship."""
    return str(error).startswith("Unable to determine which files to ship")


def building_python(root: Path) -> str:
    """Return the Python that can build the project in *root*: this one, or that of Hatch.

    Raises ConfigError, and ToolchainError when both lack something that the project requires.
    """
    _, document = read_pyproject(root / "pyproject.toml")
    lacks = lacking(requires(document))
    python = _hatch_python(root) if lacks else sys.executable
    if not python:
        raise lacking_error(lacks)
    return python


def _hatch_python(root: Path) -> str:
    """Return the Python of the environment in which Hatch has built *root*; empty without one."""
    hatch = shutil.which("hatch")
    said = _said([hatch, "env", "find", "hatch-build"], root) if hatch else ""
    folder = Path(said.strip() or "-", "Scripts" if sys.platform == "win32" else "bin")
    return shutil.which("python", path=str(folder)) or ""


def _from_hatch(root: Path) -> dict[str, Any]:
    """Return the metadata as hatchling in Hatch's environment reads it; empty without one."""
    python = _hatch_python(root)
    said = _said([python, "-m", "hatchling", "metadata"], root) if python else ""
    try:
        told = json.loads(said or "{}")
    except ValueError:
        return {}
    return told if told.keys() >= {"name", "version"} else {}


def _said(words: list[str], root: Path) -> str:
    """Return what a program says on standard output; nothing when it fails."""
    try:
        done = process.run(words, cwd=root, timeout=HATCH_SECONDS)
    except OSError:
        return ""
    return "" if done.code else done.out


def _from_report(output: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return name and version of the last build, from its report in the folder *output*."""
    written = sorted(output.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in written:
        try:
            told = load(path).project
        except ReportError:
            continue
        if told.name == document["project"].get("name"):
            return {"name": told.name, "version": told.version}
    return {}


def sdist_takes(config: BuilderConfig, output: str) -> bool:
    """Tell whether hatchling would put files of the folder *output* into an sdist.

    *config* is that of its SdistBuilder. It heeds the .gitignore at the project's root only, so
    the one that hides the folder from git is no help.
    """
    return not config.only_include and bool(config.include_path(str(Path(output, "helpers"))))
