"""``hatch-multiarch report``: what a build made, as one HTML page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EXAMPLE = """\
example:
  hatch-multiarch report --open                what this project built
  hatch-multiarch report one.json --output one.html
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "report",
        help="write the report of a build as a page to look at",
        epilog=EXAMPLE,
    )
    parser.add_argument(
        "source", nargs="?", type=Path, default=Path(), help="a project (here) or its JSON report"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="the page (beside the report, as .html)"
    )
    parser.add_argument("--open", action="store_true", help="show it in the browser")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Write the page and print where it is. Raises MultiarchError."""
    from hatch_multiarch.cli.output import put  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.console import Console  # noqa: PLC0415
    from hatch_multiarch.errors import ReportError  # noqa: PLC0415
    from hatch_multiarch.page import find, write_page  # noqa: PLC0415
    from hatch_multiarch.report import load  # noqa: PLC0415

    source = find(arguments.source)
    target = arguments.output or source.with_suffix(".html")
    report = load(source)
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
