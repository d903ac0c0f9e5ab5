"""``hatch-multiarch check``: finds problems of the config, without building."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from hatch_multiarch.cli.output import error_data, put
from hatch_multiarch.pipeline.project_check import check
from hatch_multiarch.plan import Switches

if TYPE_CHECKING:
    from hatch_multiarch.pipeline.project_check import Checked


def run(arguments: Any) -> int:
    """Print the problems; return the exit code of the first, or 0. Raises ConfigError."""
    found = check(arguments.folder.resolve(), Switches.read(os.environ), os.environ)
    if arguments.json:
        print(json.dumps(as_data(found), indent=2))
    else:
        put(as_text(found))
    return found.problems[0].exit_code if found.problems else 0


def as_text(found: Checked) -> str:
    """Return one line for each problem and warning; without one, what a build would do."""
    lines = [f"error: {each}" for each in found.problems] or [f"ok: {found.says}"]
    return "\n".join([*(f"warning: {each}" for each in found.warnings), *lines])


def as_data(found: Checked) -> dict[str, Any]:
    """Return the same as JSON-ready data; ``error`` is the first problem, where there is one."""
    problems = [error_data(each) for each in found.problems]
    told = {"ok": not problems, "says": found.says, "problems": problems}
    told |= {"notes": list(found.notes), "warnings": list(found.warnings)}
    return {**told, **({"error": problems[0]} if problems else {})}
