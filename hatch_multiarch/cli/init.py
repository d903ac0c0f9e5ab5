"""``hatch-multiarch init``: the config for a project's Go programs, into its pyproject.toml."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatch_multiarch.init import Target

EXAMPLE = """\
example:
  hatch-multiarch init --diff     what would be added to pyproject.toml
  hatch-multiarch init --image    add it, with an image of the helpers
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "init",
        help="add the config to a project that has Go programs",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the project (here)")
    parser.add_argument("--image", action="store_true", help="add [tool.multiarch.image] too")
    parser.add_argument(
        "--diff", "--dry-run", action="store_true", help="print what would change, change nothing"
    )
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Add it, check it, and say what to do next. Raises MultiarchError."""
    from hatch_multiarch.cli.check import show  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.console.words import tame  # noqa: PLC0415
    from hatch_multiarch.errors import PlanError  # noqa: PLC0415
    from hatch_multiarch.init import configured, find_programs, missing, read_target  # noqa: PLC0415
    from hatch_multiarch.rewrite import rewrite  # noqa: PLC0415

    root = arguments.folder.resolve()
    target = read_target(root, os.environ)
    if "multiarch" in target.document.get("tool", {}):
        if lacks := missing(target, image=arguments.image):
            raise PlanError(
                f"tool.multiarch: it is there already, but not {', '.join(lacks)}",
                advice="add that by hand; docs/config.md has every key",
            )
        print("tool.multiarch: it is there already, and nothing is missing")
        return 0
    programs = find_programs(root, os.environ)
    if not programs:
        raise PlanError(
            f"there is no Go program below {root}: no go.mod with a main package beside it or in "
            "cmd/NAME",
            advice="make one: mkdir -p helpers/greet && cd helpers/greet && go mod init greet",
        )
    text = configured(target, programs, image=arguments.image)
    if arguments.diff:
        print(tame(_diff(target, text), sys.stdout.encoding), end="")
        return 0
    rewrite(target.path, text)
    for each in programs:
        kind = "Go with cgo" if each.cgo else "Go"
        print(f"added {each.name}: {kind}, in {each.folder}, needs go {each.go}")
    if target.text != target.before:
        print("removed the byte order mark, with which nothing could read pyproject.toml")
    code = show(root, as_json=False)
    if code == 0:
        print("next: hatch build (or `hatch-multiarch build`)")
    return code


def _diff(target: Target, text: str) -> str:
    """Return what would change as a unified diff."""
    name = target.path.name
    lines = difflib.unified_diff(
        target.before.splitlines(),
        text.splitlines(),
        f"a/{name}",
        f"b/{name}",
        lineterm="",
    )
    return "".join(f"{line}\n" for line in lines)
