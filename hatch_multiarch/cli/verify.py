"""``hatch-multiarch verify``: are wheels and image what they should be, and do they run."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatch_multiarch.verify import Dist, Ran, Run, Verified

DAY = 86400
SCHEMA = 1
"""Version of what ``--json`` prints of wheels (docs/reference/inspect.md)."""
EXAMPLE = """\
example:
  hatch-multiarch verify                       what this project built
  hatch-multiarch verify dist                  the wheels in a folder, or some
  hatch-multiarch verify --rebuild             and what a second build gives
  hatch-multiarch verify NAME:TAG -- --version with words for its entrypoint
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "verify",
        help="check wheels and image, and run what is in them",
        usage="hatch-multiarch verify [OPTIONS] [WHAT...] [-- ARGUMENTS]",
        epilog=EXAMPLE,
    )
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="WHAT",
        help="a project (here), a folder of wheels, wheels, or an image: pushed, an archive, a "
        "layout folder",
    )
    parser.add_argument(
        "--platform", action="append", help="only this platform or glob; may be repeated"
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=60.0, help="seconds for each program started (60)"
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="build the project again and compare the bytes"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run, refuse=parser.error)
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
    """Verify and print what is found. Raises MultiarchError, also when something failed.

    As JSON what failed is a result like others, and the exit code tells.
    """
    from hatch_multiarch.process import terminable  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.verify import Run, find_dist  # noqa: PLC0415

    sources = arguments.sources or ["."]
    how = Run(arguments.arguments, tuple(arguments.platform or ("*",)), arguments.timeout)
    with terminable():
        dist = find_dist(sources)
        if dist is not None:
            return _dist(" ".join(sources), dist, how, arguments)
        if len(sources) > 1:
            arguments.refuse(f"several words can only be wheels: {' '.join(sources)}")
        if arguments.rebuild:
            arguments.refuse("--rebuild is for a project and its wheels")
        return _image(sources[0], how, arguments)


def _dist(source: str, dist: Dist, how: Run, arguments: Any) -> int:
    """Verify wheels, and the image that belongs to them."""
    from hatch_multiarch.errors import AuditError, ImageError  # noqa: PLC0415
    from hatch_multiarch.verify import verify_again, verify_dist  # noqa: PLC0415

    shown = (lambda _: None) if arguments.json else _print_checks
    done = verify_dist(dist, how, os.environ, shown)
    again = verify_again(dist, os.environ) if arguments.rebuild else None
    if again is not None:
        shown(again)
    every = (*done, *([again] if again is not None else []))
    if arguments.json:
        from dataclasses import asdict  # noqa: PLC0415 - keeps --help fast

        told = {
            "schema": SCHEMA,
            "wheels": [asdict(each) for each in done if each.name.endswith(".whl")],
            "images": [asdict(each) for each in done if not each.name.endswith(".whl")],
            "rebuild": None if again is None else asdict(again),
        }
        print(json.dumps(told, indent=2))
    failed = [each for each in every if each.failed]
    if not failed:
        return 0
    named = "; ".join(f"{each.name} ({', '.join(each.failed)})" for each in failed)
    images = all(each in done and not each.name.endswith(".whl") for each in failed)
    kind = ImageError if images else AuditError
    if arguments.json:
        return kind.exit_code
    raise kind(f"{source}: failed: {named}")


def _image(source: str, how: Run, arguments: Any) -> int:
    """Run each platform of an image; without docker, say at least whether its digests are right."""
    from hatch_multiarch.errors import EngineError, ImageError  # noqa: PLC0415
    from hatch_multiarch.inspect import find  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.verify import check_image, verify  # noqa: PLC0415

    found = find(source)
    checks = check_image(found, None) if isinstance(found, Path) else ()
    for each in checks:
        if each.outcome == "failed":
            raise ImageError(f"{source}: {each.said}")
    shown = (lambda _: None) if arguments.json else _print
    try:
        results = verify(source, how, os.environ, shown)
    except EngineError:
        for each in checks if not arguments.json else ():
            print(f"{each.said} read, each is what its digest says; not run here", flush=True)
        raise
    if arguments.json:
        from dataclasses import asdict  # noqa: PLC0415 - keeps --help fast

        print(json.dumps([asdict(each) for each in results], indent=2))
        return 0 if all(each.outcome == "ok" for each in results) else ImageError.exit_code
    failed = [each.platform for each in results if each.outcome != "ok"]
    if failed:
        count = f"{len(failed)} of {len(results)}"
        raise ImageError(f"{source}: failed on {', '.join(failed)} ({count} platforms)")
    return 0


def _print_checks(each: Verified) -> None:
    """Print the table of a wheel, an image or a second build, as soon as it is known."""
    from hatch_multiarch.console.words import tame  # noqa: PLC0415 - keeps --help fast

    words = {"none": "-"}
    rows = [(one.name, words.get(one.outcome, one.outcome), one.said) for one in each.checks]
    widths = [max(len(row[at]) for row in rows) for at in (0, 1)] if rows else [0, 0]
    lines = ["  ".join(filter(None, (each.name, each.platform)))]
    for name, outcome, said in rows:
        line = said.replace("\n", "\\n")
        lines.append(f"  {name.ljust(widths[0])}  {outcome.ljust(widths[1])}  {line}".rstrip())
    print(tame("\n".join(lines), sys.stdout.encoding), flush=True)


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
