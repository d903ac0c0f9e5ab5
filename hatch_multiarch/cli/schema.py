"""``hatch-multiarch schema``: the JSON schema of the config, or of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

EXAMPLE = """\
example:
  hatch-multiarch schema > multiarch.schema.json   for an editor
  hatch-multiarch schema --report                  of build/multiarch/*.json
"""
HOUSE = Path(__file__).parent.parent


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "schema",
        help="print the JSON schema of [tool.multiarch]",
        epilog=EXAMPLE,
    )
    parser.add_argument("--report", action="store_true", help="that of the report instead")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Print it."""
    file = "report/report.schema.json" if arguments.report else "config/schema.json"
    print((HOUSE / file).read_text("utf-8"), end="")
    return 0
