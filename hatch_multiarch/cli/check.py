"""``hatch-multiarch check``: what is wrong with the config, without building."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.cli import arguments as manners

if TYPE_CHECKING:
    from hatch_multiarch.check import Checked

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
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the project (here)")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Print the problems; return the exit code of the first, or 0. Raises ConfigError."""
    from hatch_multiarch.check import check  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.cli.output import put  # noqa: PLC0415
    from hatch_multiarch.plan import Switches  # noqa: PLC0415

    found = check(arguments.folder.resolve(), Switches.read(os.environ), os.environ)
    if arguments.json:
        print(json.dumps(as_data(found), indent=2))
    else:
        put(as_text(found))
    return found.problems[0].exit_code if found.problems else 0


def as_text(found: Checked) -> str:
    """Return one line for each problem, or the one that says what a build would do."""
    return "\n".join([f"error: {each}" for each in found.problems] or [f"ok: {found.says}"])


def as_data(found: Checked) -> dict[str, Any]:
    """Return the same as JSON-ready data; ``error`` is the first problem, where there is one."""
    problems = [manners.as_data(each) for each in found.problems]
    told = {"ok": not problems, "says": found.says, "problems": problems}
    return {**told, "notes": list(found.notes), **({"error": problems[0]} if problems else {})}
