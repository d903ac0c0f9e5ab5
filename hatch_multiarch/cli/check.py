"""``hatch-multiarch check``: what is wrong with the config, without building."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

EXAMPLE = """\
example:
  hatch-multiarch check           one line for each problem, exit 0 without one
  hatch-multiarch check --json    the same for machines
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "check",
        help="check [tool.multiarch] and what it names, without building",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the project (here)")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Print the problems; return the exit code of the first, or 0. Raises ConfigError."""
    return show(arguments.folder.resolve(), as_json=arguments.json)


def show(root: Path, *, as_json: bool) -> int:
    """Check the project in *root*, print what was found and return the exit code."""
    from hatch_multiarch.check import check  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.console.words import tame  # noqa: PLC0415
    from hatch_multiarch.plan import Switches  # noqa: PLC0415

    found = check(root, Switches.read(os.environ), os.environ)
    if as_json:
        problems = [
            {"message": each.message, "advice": each.advice, "exit_code": each.exit_code}
            for each in found.problems
        ]
        told = {"ok": not problems, "says": found.says, "problems": problems}
        told["notes"] = list(found.notes)
        if problems:
            told["error"] = problems[0]
        print(json.dumps(told, indent=2))
    else:
        lines = [f"error: {each}" for each in found.problems] or [f"ok: {found.says}"]
        print(tame("\n".join(lines), sys.stdout.encoding))
    return found.problems[0].exit_code if found.problems else 0
