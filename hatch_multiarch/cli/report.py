"""``hatch-multiarch report``: writes the report as an HTML page, or prints its table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hatch_multiarch.cli.output import put
from hatch_multiarch.errors import ReportError
from hatch_multiarch.report.console import Console
from hatch_multiarch.report.console.table import markdown
from hatch_multiarch.report.html import write_page
from hatch_multiarch.report.load import load

if TYPE_CHECKING:
    from pathlib import Path


def run(arguments: Any) -> int:
    """Write the page and print where it is, or the table. Raises MultiarchError."""
    if arguments.markdown and (arguments.output or arguments.open or arguments.json):
        arguments.refuse("--markdown prints a table and writes no page")
    source = _find(arguments.source)
    target = arguments.output or source.with_suffix(".html")
    report = load(source)
    if arguments.markdown:
        print(markdown(report), end="")
        return 0
    if target.exists() and target.samefile(source):
        raise ReportError(
            f"{target}: the page would replace the report", advice="name another file"
        )
    write_page(report, target)
    if arguments.json:
        print(json.dumps({"report": str(source), "page": str(target)}, indent=2))
    else:
        put(str(target))
    if arguments.open:
        import webbrowser  # noqa: PLC0415 - few look at once

        if not webbrowser.open(target.resolve().as_uri()):
            Console().warn(f"no browser was found here; open {target} yourself")
    return 0


def _find(source: Path) -> Path:
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
