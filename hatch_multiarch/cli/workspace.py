"""The project or the workspace that the words of ``build`` and ``plan`` mean."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.members import read_workspace

if TYPE_CHECKING:
    from hatch_multiarch.config.members import Workspace


def folder_of(arguments: Any) -> Path:
    """Return the one folder, absolute."""
    return next(iter(arguments.folders), Path()).resolve()


def workspace_of(arguments: Any) -> tuple[Workspace, tuple[str, ...]] | None:
    """Return the workspace and the folders that were named; None when one project is meant.

    Raises ConfigError, and UsageError.
    """
    several = len(arguments.folders) > 1
    if several and arguments.workspace:
        arguments.refuse(
            "--workspace: expected one folder, whose pyproject.toml lists the packages"
        )
    if several:
        # Not Path.absolute, which keeps `..`, and not resolve, which follows links.
        folders = [Path(os.path.abspath(each)) for each in arguments.folders]  # noqa: PTH100
        return read_workspace(Path.cwd(), folders), tuple(map(str, folders))
    return (read_workspace(folder_of(arguments)), ()) if arguments.workspace else None
