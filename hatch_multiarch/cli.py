"""The face in the terminal: ``hatch-multiarch``, also ``python -m hatch_multiarch``."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from hatch_multiarch.errors import MultiarchError

EXAMPLE = """\
example:
  hatch-multiarch plan                what `hatch build` would do here, without doing it
  hatch-multiarch plan --mode one     what `pip install .` would do
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, or that of the error (docs/config.md)."""
    parser = argparse.ArgumentParser(
        prog="hatch-multiarch",
        description="Go helpers for Python projects, for every platform.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    plan = commands.add_parser("plan", help="print what a build would do, without doing it")
    plan.add_argument("folder", nargs="?", type=Path, default=Path(), help="the project (here)")
    plan.add_argument("--json", action="store_true", help="for machines")
    plan.add_argument(
        "--mode",
        choices=("all", "one", "editable"),
        default="all",
        help="as the Hatch CLI (all), pip and other front ends (one), or `pip install -e`",
    )
    arguments = parser.parse_args(argv)
    try:
        return _plan(arguments.folder, arguments.mode, as_json=arguments.json)
    except MultiarchError as error:
        from hatch_multiarch.console import Console  # noqa: PLC0415 - keeps --help fast

        Console().error(error)
        return error.exit_code


def _plan(folder: Path, mode: str, *, as_json: bool) -> int:
    from hatch_multiarch.plan import Switches, make_plan, show  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.project import read_project  # noqa: PLC0415

    switches = Switches.read(os.environ)
    if switches.skip:
        print("HATCH_MULTIARCH_SKIP is set: a build would make one wheel, without helpers")
        return 0
    project, config = read_project(folder.resolve())
    plan = make_plan(project, config, mode, switches)  # type: ignore[arg-type]
    print(json.dumps(show.as_data(plan), indent=2) if as_json else show.as_text(plan))
    return 0
