"""Finds the report that a command means, and writes its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.errors import ReportError
from hatch_multiarch.html_report.document import page

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.report import Report


def find(source: Path) -> Path:
    """Return the report that *source* names: itself, or what the project in that folder built.

    Of several the one of the project's version is meant. Raises ReportError when there is none,
    and ConfigError or PlanError as read_project does.
    """
    if not source.is_dir():
        return source
    if not (source / "pyproject.toml").is_file():
        raise ReportError(
            f"{source}: neither a project nor a report",
            advice="pass a folder with a pyproject.toml, or the JSON file that a build wrote",
        )
    from hatch_multiarch.project import read_project  # noqa: PLC0415 - hatchling, for a project only

    project, config = read_project(source.resolve())
    folder = source / config.output
    found = sorted(folder.glob("*.json"))
    chosen = [each for each in found if each.stem.endswith(f"-{project.version}")] or found
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise ReportError(
            f"{folder}: there is no report of this project",
            advice="run `hatch build`, or pass the JSON file of a build",
        )
    names = ", ".join(each.name for each in chosen)
    raise ReportError(f"{folder}: several reports: {names}", advice="pass the path of one")


def write_page(report: Report, target: Path) -> None:
    """Write the page of *report* to *target*, whole or not at all. Raises ReportError."""
    try:
        files.write(page(report), target)
    except OSError as error:
        raise ReportError(
            f"{target}: the page cannot be written: {error.strerror}",
            advice="write it elsewhere with --output",
        ) from None
