"""``hatch-multiarch doctor``: what works here, what does not, and how to install it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hatch_multiarch.cli.output import error_data, put
from hatch_multiarch.doctor import examine
from hatch_multiarch.errors import ConfigError, MultiarchError, NoConfigError
from hatch_multiarch.plan import Switches
from hatch_multiarch.project import read_project
from hatch_multiarch.report.console import Console

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.config import Config
    from hatch_multiarch.doctor import Diagnosis
    from hatch_multiarch.plan import Project


def run(arguments: Any) -> int:
    """Print the diagnosis; return 0 when a build can be made, else the code it would end with.

    Nothing is raised: a project that cannot be read is part of the diagnosis.
    """
    error: MultiarchError | None
    switches, error = _switches()
    target = None
    root = arguments.folder.absolute()
    try:
        target = _project(root)
    except MultiarchError as raised:
        error = error or raised
    found = examine(target, switches, os.environ, error)
    if arguments.json:
        print(json.dumps(_data(found), indent=2))
    else:
        put(_text(found, root))
        if found.error:
            sys.stdout.flush()
            Console().error(found.error)
    return found.error.exit_code if found.error else 0


def _switches() -> tuple[Switches, ConfigError | None]:
    """Return the switches of the environment; the default ones, and why, where one is wrong."""
    try:
        return Switches.read(os.environ), None
    except ConfigError as error:
        return Switches(), error


def _project(root: Path) -> tuple[Project, Config] | None:
    """Return the project in *root*, None where none uses us. Raises MultiarchError."""
    if not (root / "pyproject.toml").is_file():
        return None
    try:
        return read_project(root)
    except NoConfigError:
        return None


def _data(found: Diagnosis) -> dict[str, Any]:
    return {
        "project": found.project or None,
        "engine": found.engine,
        "notes": list(found.notes),
        "error": found.error and error_data(found.error),
        "findings": [asdict(each) for each in found.findings],
    }


def _text(found: Diagnosis, root: Path) -> str:
    if found.project:
        lines = [f"project {found.project}"]
    elif found.error:
        lines = ["the project here can't be read, so everything is checked"]
    else:
        lines = [f"no project here: no pyproject.toml with [tool.multiarch] in {root}"]
    width = max(len(each.what) for each in found.findings)
    section = ""
    for each in found.findings:
        if each.section != section:
            section = each.section
            lines += ["", section]
        lines.append(f"  {'ok' if each.works else '--'}  {each.what:{width}}  {each.says}")
        if each.fix:
            lines.append(f"      fix: {each.fix}")
        if each.hint:
            lines.append(f"      ({each.hint})")
    if found.engine:
        lines += ["", f"`hatch build` compiles on: {found.engine}"]
    return "\n".join([*lines, *(f"  {note}" for note in found.notes)])
