"""Reads a project from disk, for commands and Nox sessions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from hatch_multiarch.config import Config, read_pyproject
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan import Project

if TYPE_CHECKING:
    from hatchling.builders.config import BuilderConfig


def read_project(root: Path) -> tuple[Project, Config]:
    """Read the project in folder *root* and its config, as the build hook would see them.

    Raises ConfigError for ``[tool.multiarch]`` and PlanError when the project's own metadata
    cannot be read.
    """
    config, document = read_pyproject(root / "pyproject.toml")
    metadata = ProjectMetadata(str(root), PluginManager(), document)
    try:
        name, version = metadata.core.raw_name, metadata.version
    except Exception as error:  # metadata plugins raise what they like
        raise PlanError(f"the project's metadata cannot be read: {error}") from error
    return Project(root, name, version, dict(metadata.core.config)), config


def sdist_takes(config: BuilderConfig, output: str) -> bool:
    """Tell whether hatchling would put files of the folder *output* into an sdist.

    *config* is that of its SdistBuilder. It heeds the .gitignore at the project's root only, so
    the one that hides the folder from git is no help.
    """
    return not config.only_include and bool(config.include_path(str(Path(output, "helpers"))))
