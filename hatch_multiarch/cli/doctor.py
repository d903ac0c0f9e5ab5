"""``hatch-multiarch doctor``: what works here, what does not, and how to get it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatch_multiarch.doctor import Diagnosis

EXAMPLE = """\
example:
  hatch-multiarch doctor           what a build of this project would take
  hatch-multiarch doctor --json    the same, for a script or a bug report
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "doctor", help="show what works here, and how to get the rest", epilog=EXAMPLE
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the project (here)")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Print the diagnosis; return 0 when a build can be made, else the code it would end with.

    Raises MultiarchError for a project that cannot be read.
    """
    from hatch_multiarch.console import Console  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.console.words import tame  # noqa: PLC0415
    from hatch_multiarch.doctor import examine  # noqa: PLC0415
    from hatch_multiarch.plan import Switches  # noqa: PLC0415
    from hatch_multiarch.project import read_project  # noqa: PLC0415

    root = arguments.folder.resolve()
    target = read_project(root) if (root / "pyproject.toml").is_file() else None
    found = examine(target, Switches.read(os.environ), os.environ)
    if arguments.json:
        print(json.dumps(_data(found), indent=2))
    else:
        print(tame(_text(found), sys.stdout.encoding), flush=True)
        if found.error:
            Console().error(found.error)
    return found.error.exit_code if found.error else 0


def _data(found: Diagnosis) -> dict[str, Any]:
    error = found.error and {
        "message": found.error.message,
        "advice": found.error.advice,
        "code": found.error.exit_code,
    }
    return {
        "engine": found.engine,
        "notes": list(found.notes),
        "error": error,
        "findings": [asdict(each) for each in found.findings],
    }


def _text(found: Diagnosis) -> str:
    lines: list[str] = []
    width = max(len(each.what) for each in found.findings)
    section = ""
    for each in found.findings:
        if each.section != section:
            section = each.section
            lines += ["", section] if lines else [section]
        lines.append(f"  {'ok' if each.works else '--'}  {each.what:{width}}  {each.says}")
        if each.fix:
            lines.append(f"      {'':{width}}  fix: {each.fix}")
    if found.engine:
        lines += ["", f"`hatch build` compiles on: {found.engine}"]
    return "\n".join([*lines, *(f"  {note}" for note in found.notes)])
