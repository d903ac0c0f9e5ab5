"""The report of a workspace: the reports of its packages in one document."""

# ruff: noqa: RUF009 - said() returns a dataclasses.field, which is what a default may be

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from hatch_multiarch.config import Config, read_pyproject
from hatch_multiarch.errors import ConfigError
from hatch_multiarch.report.report_model import Report, TimingRecord, said

if TYPE_CHECKING:
    from pathlib import Path

FILE = "workspace.json"
"""Its name in the output folder of the root."""


@dataclass(frozen=True)
class PackageRecord:
    """A package of the workspace."""

    path: str = said("Path of its folder, relative to the root of the workspace; `.` is the root.")
    report: Report = said("Its report; paths in it are relative to the package.")


@dataclass(frozen=True)
class WorkspaceReport:
    """Inputs and results of one build of a workspace."""

    schema: Literal[1] = said("Version of this format.")
    timing: TimingRecord = said("Start and duration of the build.")
    packages: tuple[PackageRecord, ...] = said("Every package that was built.")
    shared: dict[str, str] = said(
        "A helper that was not compiled, such as `beta: greet linux/arm64` -> the helper of "
        "another package with the same sources and options, whose binary it uses."
    )
    skipped: tuple[str, ...] = said("Paths of the packages without `[tool.multiarch]`.")

    def to_json(self) -> str:
        """Return the report as the text of its JSON file."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def report_file(root: Path) -> Path:
    """Return where the report of the workspace in *root* is; the root need not be a package."""
    try:
        config, _ = read_pyproject(root / "pyproject.toml")
    except ConfigError:
        config = Config()
    return root / config.output / FILE
