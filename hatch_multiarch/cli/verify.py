"""``hatch-multiarch verify``: checks wheels and image, and runs them."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import AuditError, EngineError, ImageError
from hatch_multiarch.pipeline.find_outputs import find_image
from hatch_multiarch.process import terminable
from hatch_multiarch.report.console.formatting import duration, tame
from hatch_multiarch.verify import (
    Run,
    check_image,
    find_dist,
    find_workspace,
    verify,
    verify_again,
    verify_dist,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.verify import Dist, Ran, Verified

CLEAN = "`hatch build --clean` removes what other builds left, and builds everything again"
SCHEMA = 1
"""Version of what ``--json`` prints of wheels (docs/reference/inspect.md)."""


def run(arguments: Any) -> int:
    """Verify and print what is found. Raises MultiarchError, also when something failed.

    As JSON what failed is a result like others, and the exit code tells.
    """
    sources = arguments.sources or ["."]
    how = Run(arguments.arguments, tuple(arguments.platform or ("*",)), arguments.timeout)
    if arguments.workspace and (len(sources) > 1 or arguments.rebuild):
        arguments.refuse("--workspace: expected one folder, and no --rebuild")
    with terminable():
        if arguments.workspace:
            return _dists(sources[0], find_workspace(Path(sources[0])), how, arguments)
        dist = find_dist(sources)
        if dist is not None:
            return _dists(" ".join(sources), [dist], how, arguments)
        if len(sources) > 1:
            arguments.refuse(f"several arguments must all be wheels: {' '.join(sources)}")
        if arguments.rebuild:
            arguments.refuse("--rebuild is for a project and its wheels")
        return _image(sources[0], how, arguments)


def _dists(source: str, dists: Sequence[Dist], how: Run, arguments: Any) -> int:
    """Verify wheels, and the image that belongs to them, of one project or of several."""
    shown = (lambda _: None) if arguments.json else _print_checks
    every: list[Verified] = []
    packages: list[dict[str, Any]] = []
    for dist in dists:
        done = verify_dist(dist, how, os.environ, shown)
        again = verify_again(dist, os.environ) if arguments.rebuild else None
        if again is not None:
            shown(again)
        every += (*done, *([again] if again is not None else []))
        packages.append({"path": dist.path} | _as_data(done, again))
    if arguments.json:
        told = {"packages": packages} if arguments.workspace else _as_data(done, again)
        print(json.dumps({"schema": SCHEMA, **told}, indent=2))
    failed = [each for each in every if each.failed]
    if not failed:
        return 0
    named = "; ".join(f"{each.name} ({', '.join(each.failed)})" for each in failed)
    kind = ImageError if all(each.kind == "image" for each in failed) else AuditError
    if arguments.json:
        return kind.exit_code
    mixed = any(each.kind == "build" for each in failed)
    raise kind(f"{source}: failed: {named}", advice=CLEAN if mixed else "")


def _as_data(done: Sequence[Verified], again: Verified | None) -> dict[str, Any]:
    return {
        "wheels": [asdict(each) for each in done if each.kind == "wheel"],
        "sdist": next((asdict(each) for each in done if each.kind == "sdist"), None),
        "images": [asdict(each) for each in done if each.kind == "image"],
        "build": next((asdict(each) for each in done if each.kind == "build"), None),
        "rebuild": None if again is None else asdict(again),
    }


def _image(source: str, how: Run, arguments: Any) -> int:
    """Run each platform of an image; without docker, say at least whether its digests are right."""
    found = find_image(source)
    checks = (check_image(found, None),) if isinstance(found, Path) else ()
    for each in checks:
        if each.outcome == "failed":
            raise ImageError(f"{source}: {each.said}")
    shown = (lambda _: None) if arguments.json else _print
    try:
        results = verify(source, how, os.environ, shown)
    except EngineError:
        for each in checks if not arguments.json else ():
            print(f"{each.said} read, all match their digests; not run here", flush=True)
        raise
    if arguments.json:
        print(json.dumps([asdict(each) for each in results], indent=2))
        return 0 if all(each.outcome == "ok" for each in results) else ImageError.exit_code
    failed = [each.platform for each in results if each.outcome != "ok"]
    if failed:
        count = f"{len(failed)} of {len(results)}"
        raise ImageError(f"{source}: failed on {', '.join(failed)} ({count} platforms)")
    return 0


def _print_checks(each: Verified) -> None:
    """Print the table of a wheel, an image or a second build, as soon as it is known."""
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
    how = {"ok": "ok", "failed": "failed", "timeout": "timed out", "cannot-run": "cannot run"}
    head = f"{ran.platform}  {ran.digest}  {how[ran.outcome]}"
    if ran.code is not None:
        head += f", exit code {ran.code}"
    lines = [f"{head}, {duration(ran.seconds)}", *(f"  {line}" for line in ran.said)]
    if ran.problem:
        lines.append(f"  ({ran.problem})")
    print(tame("\n".join(lines), sys.stdout.encoding), flush=True)
