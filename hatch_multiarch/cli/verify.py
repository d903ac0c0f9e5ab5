"""``hatch-multiarch verify``: run each platform of an image and show what it says."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatch_multiarch.verify import Ran

DAY = 86400
EXAMPLE = """\
example:
  hatch-multiarch verify                       the image that this project built
  hatch-multiarch verify NAME:TAG -- --version with words for its entrypoint
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "verify",
        help="run each platform of an image, by digest",
        usage="hatch-multiarch verify [OPTIONS] [IMAGE] [-- ARGUMENTS]",
        epilog=EXAMPLE,
    )
    parser.add_argument(
        "image",
        nargs="?",
        default=".",
        help="a pushed image, an archive, a layout folder, or a project (here)",
    )
    parser.add_argument(
        "--platform", action="append", help="only this platform or glob; may be repeated"
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=60.0, help="seconds for each platform (60)"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)
    _split(parser)


def _split(parser: Any) -> None:
    """Keep from argparse what stands behind ``--``: with options before it, it gets lost there."""
    parse = parser.parse_known_args

    def parse_known_args(words: Any, namespace: Any = None) -> Any:
        at = words.index("--") if "--" in words else len(words)
        found, unknown = parse(words[:at], namespace)
        found.arguments = tuple(words[at + 1 :])
        return found, unknown

    parser.parse_known_args = parse_known_args


def run(arguments: Any) -> int:
    """Run the image and print what it says. Raises MultiarchError, also when a platform fails.

    As JSON a failed platform is a result like others, and the exit code tells.
    """
    from hatch_multiarch.errors import ImageError  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.process import terminable  # noqa: PLC0415
    from hatch_multiarch.verify import Run, verify  # noqa: PLC0415

    how = Run(arguments.arguments, tuple(arguments.platform or ("*",)), arguments.timeout)
    shown = (lambda _: None) if arguments.json else _print
    with terminable():
        results = verify(arguments.image, how, os.environ, shown)
    if arguments.json:
        from dataclasses import asdict  # noqa: PLC0415

        print(json.dumps([asdict(each) for each in results], indent=2))
        return 0 if all(each.outcome == "ok" for each in results) else ImageError.exit_code
    failed = [each.platform for each in results if each.outcome != "ok"]
    if failed:
        count = f"{len(failed)} of {len(results)}"
        raise ImageError(f"{arguments.image}: failed on {', '.join(failed)} ({count} platforms)")
    return 0


def _print(ran: Ran) -> None:
    """Print what one platform did, as soon as it is known."""
    from hatch_multiarch.console.words import duration, tame  # noqa: PLC0415 - keeps --help fast

    how = {"ok": "ok", "failed": "failed", "timeout": "timed out", "cannot-run": "cannot run"}
    head = f"{ran.platform}  {ran.digest}  {how[ran.outcome]}"
    if ran.code is not None:
        head += f", exit code {ran.code}"
    lines = [f"{head}, {duration(ran.seconds)}", *(f"  {line}" for line in ran.said)]
    if ran.problem:
        lines.append(f"  ({ran.problem})")
    print(tame("\n".join(lines), sys.stdout.encoding), flush=True)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= DAY:
        raise argparse.ArgumentTypeError(f"expected seconds, at most {DAY}, found {text!r}")
    return value
