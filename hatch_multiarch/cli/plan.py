"""``hatch-multiarch plan``: what a build would do, without doing it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

EXAMPLE = """\
example:
  hatch-multiarch plan                  what `hatch build` would do here
  hatch-multiarch plan --mode one ..    what `pip install ..` would do
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "plan", help="print what a build would do, without doing it", epilog=EXAMPLE
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the project (here)")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument(
        "--mode",
        choices=("all", "one", "editable"),
        default="all",
        help="as the Hatch CLI (all), pip and other front ends (one), or `pip install -e`",
    )
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Print the plan. Raises MultiarchError."""
    from hatch_multiarch.cli.output import put  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.plan import Switches, choose, make_plan, show  # noqa: PLC0415
    from hatch_multiarch.project import read_project  # noqa: PLC0415

    switches = Switches.read(os.environ)
    if switches.skip:
        note = "HATCH_MULTIARCH_SKIP is set: a build would make one wheel, without helpers"
        nothing = {"units": [], "wheels": [], "image": None, "notes": [note]}
        print(json.dumps(nothing, indent=2) if arguments.json else note)
        return 0
    project, config = read_project(arguments.folder.resolve())
    choice = choose(config, project.name, arguments.mode, switches, os.environ)
    plan = make_plan(project, config, arguments.mode, switches, choice)
    if arguments.json:
        print(json.dumps(show.as_data(plan), indent=2))
    else:
        put(show.as_text(plan))
    return 0
