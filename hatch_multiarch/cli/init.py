"""``hatch-multiarch init``: the config for a project's Go programs, into its pyproject.toml."""

from __future__ import annotations

import difflib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from hatch_multiarch.cli.check import as_data, as_text
from hatch_multiarch.cli.output import put
from hatch_multiarch.config import Config
from hatch_multiarch.errors import PlanError
from hatch_multiarch.files import rewrite
from hatch_multiarch.init import configured, find_programs, ignored, missing, read_target
from hatch_multiarch.pipeline.check import check
from hatch_multiarch.plan import Switches

if TYPE_CHECKING:
    from hatch_multiarch.init import Ignored, Program, Target
    from hatch_multiarch.pipeline.check import Checked


def run(arguments: Any) -> int:
    """Add it, check it, and say what to do next. Raises MultiarchError."""
    root = arguments.folder.resolve()
    switches = Switches.read(os.environ)
    target = read_target(root, os.environ)
    if "multiarch" in target.document.get("tool", {}):
        if lacks := missing(target, image=arguments.image):
            raise PlanError(
                f"tool.multiarch: it is there already, but not {', '.join(lacks)}",
                advice="add that by hand; docs/reference/config.md has every key",
            )
        return _say(arguments, [], target, target.before)
    programs = find_programs(root, os.environ, _Fetching())
    if not programs:
        raise PlanError(
            f"there is no Go program below {root}: no go.mod with a main package beside it or in "
            "cmd/NAME",
            advice="make one: mkdir -p helpers/greet && cd helpers/greet && go mod init greet",
        )
    text = configured(target, programs, image=arguments.image)
    hidden = ignored(root, Config().output)
    if arguments.diff:
        return _say(arguments, programs, target, text, hidden)
    rewrite(target.path, text)
    if hidden is not None:
        rewrite(hidden.path, hidden.after)
    return _say(arguments, programs, target, text, hidden, check(root, switches, os.environ))


def _say(
    arguments: Any,
    programs: list[Program],
    target: Target,
    text: str,
    hidden: Ignored | None = None,
    checked: Checked | None = None,
) -> int:
    """Print what was done, or would be where nothing was *checked*; return the exit code."""
    diff = _diff(target.path.name, target.before, text)
    if hidden is not None:
        diff += _diff(hidden.path.name, hidden.before, hidden.after)
    failed = checked.problems[0].exit_code if checked and checked.problems else 0
    if arguments.json:
        told = {
            "programs": [
                {
                    "name": each.name,
                    "kind": "library" if each.library else "program",
                    "folder": each.folder,
                    "cgo": bool(each.cgo),
                    "cgo_for": each.cgo,
                    "unseen": list(each.unseen),
                    "go": each.go,
                }
                for each in programs
            ],
            "diff": diff,
            "written": checked is not None,
            "check": as_data(checked) if checked else None,
        }
        more = {"error": as_data(checked)["error"]} if checked and failed else {}
        print(json.dumps({**told, **more}, indent=2))
        return failed
    if not programs:
        lines = ["tool.multiarch: it is there already, and nothing is missing"]
    elif checked is None:
        lines = diff.splitlines()
    else:
        lines = [
            f"added {each.name}: {each.kind}, in {each.folder}, needs go {each.go}"
            for each in programs
        ]
        lines += [_unseen(each) for each in programs if each.unseen and not each.cgo]
        if target.text != target.before:
            lines.append("removed the byte order mark, with which nothing reads pyproject.toml")
        if hidden is not None:
            lines.append(f"added {hidden.line} to {hidden.path.name}, so that sdists leave it out")
        lines.append(as_text(checked))
        if not failed:
            lines.append("next: hatch build (or `hatch-multiarch build`)")
    put("\n".join(lines))
    return failed


class _Fetching:
    """Says once that Go modules are fetched, which may take minutes."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self, line: str) -> None:
        if line.startswith("go: downloading ") and not self._said:
            self._said = True
            print("fetching Go modules, to see which of them need cgo", file=sys.stderr, flush=True)


def _unseen(program: Program) -> str:
    """Return what a user has to do about packages that were not there to look at."""
    more = f" and {len(program.unseen) - 1} more" if program.unseen[1:] else ""
    return (
        f"note: {program.name}: its modules are not in Go's module cache and could not be fetched, "
        f"so {program.unseen[0]}{more} was not looked into; run `go mod download` in "
        f"{program.source}, then `hatch-multiarch check`, which tells if it needs cgo"
    )


def _diff(name: str, before: str, after: str) -> str:
    """Return what changes in the file *name* as a unified diff."""
    olds, news = before.splitlines(), after.splitlines()
    lines = difflib.unified_diff(olds, news, f"a/{name}", f"b/{name}", lineterm="")
    return "".join(f"{line}\n" for line in lines)
