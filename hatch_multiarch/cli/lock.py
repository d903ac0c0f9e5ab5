"""``hatch-multiarch lock``: the digest of the image's base into pyproject.toml."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatch_multiarch.lock import Lock

EXAMPLE = """\
example:
  hatch-multiarch lock           base = "python:3.13-slim@sha256:..." is written
  hatch-multiarch lock --check   exit 1 when that is not what the tag names now
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "lock", help="write the digest of the image's base into pyproject.toml", epilog=EXAMPLE
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the project (here)")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 when it is stale"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Lock, and print what was done or would be. Raises MultiarchError."""
    from hatch_multiarch.cli.output import put  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.errors import PlanError  # noqa: PLC0415
    from hatch_multiarch.lock import find_lock, write_lock  # noqa: PLC0415
    from hatch_multiarch.plan import Switches  # noqa: PLC0415

    if Switches.read(os.environ).offline:
        raise PlanError(
            "HATCH_MULTIARCH_OFFLINE is set, and only the registry knows what a tag names",
            advice="unset it for this command",
        )
    lock = find_lock(arguments.folder.resolve(), os.environ)
    if lock.stale and not arguments.check:
        write_lock(lock)
    if arguments.json:
        told = {"base": lock.base, "locked": lock.locked, "stale": lock.stale}
        print(json.dumps(told, indent=2))
    else:
        put(_text(lock, check=arguments.check))
    return 1 if lock.stale and arguments.check else 0


def _text(lock: Lock, *, check: bool) -> str:
    from hatch_multiarch.plan.make import in_registry  # noqa: PLC0415 - keeps --help fast

    if not in_registry(lock.base):
        return f"{lock.base}: nothing to lock"
    if not lock.stale:
        return f"{lock.base}: locked"
    if check:
        return f"{lock.base} is stale: it should be {lock.locked}; `hatch-multiarch lock` writes it"
    return f"{lock.base} is {lock.locked} now"
