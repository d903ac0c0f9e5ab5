"""``hatch-multiarch build``: what `hatch build` does, where Hatch is not installed."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

EXAMPLE = """\
example:
  hatch-multiarch build --platform host --no-image   for this machine only
  hatch-multiarch build -t wheel --json              prints the report
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "build",
        help="build sdist, wheels and image, where Hatch is not",
        epilog=EXAMPLE,
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the project (here)")
    parser.add_argument(
        "-p", "--platform", action="append", help="only this one, or `host`; may be repeated"
    )
    parser.add_argument(
        "--image", action=argparse.BooleanOptionalAction, help="an image, whatever the config says"
    )
    parser.add_argument("--engine", choices=("auto", "host", "buildkit"), help="what compiles")
    parser.add_argument("--offline", action="store_true", help="ask no registry for the base")
    parser.add_argument(
        "-t", "--target", action="append", choices=("wheel", "sdist"), help="only this one"
    )
    parser.add_argument("-c", "--clean", action="store_true", help="remove former outputs first")
    parser.add_argument("-d", "--directory", metavar="DIR", help="where wheels and sdist go (dist)")
    parser.add_argument("--json", action="store_true", help="print the report, for machines")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Build, and return hatchling's exit code. Raises MultiarchError."""
    from hatch_multiarch.errors import PlanError  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.frontend import Asked, build, report_path  # noqa: PLC0415
    from hatch_multiarch.plan import Switches  # noqa: PLC0415
    from hatch_multiarch.process import terminable  # noqa: PLC0415

    root = arguments.folder.resolve()
    asked = Asked(
        platforms=tuple(arguments.platform or ()),
        image=arguments.image,
        engine=arguments.engine or "",
        offline=arguments.offline,
        targets=tuple(dict.fromkeys(arguments.target or ("sdist", "wheel"))),
        clean=arguments.clean,
        directory=str(Path(arguments.directory).resolve()) if arguments.directory else "",
    )
    if arguments.json and ("wheel" not in asked.targets or Switches.read(os.environ).skip):
        raise PlanError(
            "--json: without helpers in a wheel there is no report",
            advice="leave out -t sdist, and HATCH_MULTIARCH_SKIP",
        )
    with terminable():
        code = build(root, asked, os.environ, aloud=not arguments.json)
    if arguments.json and code == 0:
        print(report_path(root).read_text("utf-8"), end="")
    elif arguments.json:
        says = "the build failed; why is on standard error"
        error = {"message": says, "advice": "", "exit_code": code}
        print(json.dumps({"error": error}, indent=2))
    return code
