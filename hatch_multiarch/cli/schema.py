"""``hatch-multiarch schema``: the JSON schema of the config, or of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parent.parent


def run(arguments: Any) -> int:
    """Print it."""
    file = "report/report.schema.json" if arguments.report else "config/schema.json"
    print((HOUSE / file).read_text("utf-8"), end="")
    return 0
