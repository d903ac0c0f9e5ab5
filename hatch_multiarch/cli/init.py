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
from hatch_multiarch.init import (
    configured,
    find_programs,
    ignored,
    missing,
    new_target,
    read_target,
    read_tool,
    readme,
    ships_python,
)
from hatch_multiarch.pipeline.project_check import Checked, check
from hatch_multiarch.plan import Switches
from hatch_multiarch.project import lacking, requires

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_multiarch.init import Ignored, Program, Target


_PYTHON = ("pyproject.toml", "setup.py", "setup.cfg")
"""Files of which each makes a project of Python."""


def run(arguments: Any) -> int:
    """Add it, check it, and say what to do next. Raises MultiarchError."""
    root = arguments.folder.resolve()
    switches = Switches.read(os.environ)
    new = not any(os.path.lexists(root / each) for each in _PYTHON)
    tool = read_tool(arguments.tool, os.environ, _Fetching()) if arguments.tool else None
    target = new_target(root, tool) if new else read_target(root, os.environ)
    if "multiarch" in target.document.get("tool", {}):
        if lacks := missing(target, image=arguments.image):
            raise PlanError(
                f"tool.multiarch: it exists already, but without {', '.join(lacks)}",
                advice="add it by hand; docs/reference/config.md lists all keys",
            )
        return _say(arguments, [], target, target.before)
    found = [tool.program] if tool else find_programs(root, os.environ, _Fetching())
    programs = [each for each in found if not each.aside] or found
    if not programs and new:
        raise PlanError(
            f"there is no pyproject.toml in {root}, and no Go program below it",
            advice="`hatch new --init` creates a Python project, `go mod init` a Go module",
        )
    if not programs:
        raise PlanError(
            f"there is no Go program below {root}: no go.mod with a main package in its folder or "
            "below",
            advice="create one: mkdir -p helpers/greet && cd helpers/greet && go mod init greet",
        )
    scripts = new or not ships_python(target)
    text = configured(target, programs, image=arguments.image, scripts=scripts)
    hidden = ignored(root, Config().output)
    checked = None
    if not arguments.diff:
        for name, content in (tool.files() if tool else {}).items():
            rewrite(root / name, content)
        if tool and new and not (root / "README.md").exists():
            rewrite(root / "README.md", readme(tool, target.document["project"]))
        rewrite(target.path, text)
        if hidden is not None:
            rewrite(hidden.path, hidden.after)
        checked = _check(root, switches, target)
    aside = [each for each in found if each not in programs]
    uvx = _uvx(target.document["project"].get("name", ""), programs) if scripts else ""
    return _say(arguments, programs, target, text, hidden, checked, aside, uvx)


def _check(root: Path, switches: Switches, target: Target) -> Checked:
    """Check the project, if what a new file asks for is here: nobody could have installed it."""
    lacks = [] if target.before else lacking(requires(target.document))
    if not lacks:
        return check(root, switches, os.environ)
    return Checked(
        (),
        "",
        (f"not checked, because {' and '.join(lacks)} is not installed; a build installs it",),
    )


def _say(
    arguments: Any,
    programs: list[Program],
    target: Target,
    text: str,
    hidden: Ignored | None = None,
    checked: Checked | None = None,
    aside: Sequence[Program] = (),
    uvx: str = "",
) -> int:
    """Print what was done, or would be where nothing was *checked*; return the exit code.

    *uvx* says how users will run what is on PATH.
    """
    diff = _diff(target.path.name, target.before, text)
    if hidden is not None:
        diff += _diff(hidden.path.name, hidden.before, hidden.after)
    failed = checked.problems[0].exit_code if checked and checked.problems else 0
    if arguments.json:
        told = {
            **_data(programs, aside),
            "diff": diff,
            "written": checked is not None,
            "check": as_data(checked) if checked else None,
        }
        more = {"error": as_data(checked)["error"]} if checked and failed else {}
        print(json.dumps({**told, **more}, indent=2))
        return failed
    if not programs:
        lines = ["tool.multiarch: it exists already and is complete"]
    elif checked is None:
        lines = diff.splitlines()
    else:
        lines = [] if target.before else [_new(target)]
        lines += [
            f"added {each.name}: {each.kind}, in {each.folder}, needs go {each.go}"
            for each in programs
        ]
        lines += [_unseen(each) for each in programs if each.unseen and not each.cgo]
        lines += [_left_out(each) for each in aside]
        if target.before and target.text != target.before:
            lines.append("removed the byte order mark, which tools can't read in pyproject.toml")
        if hidden is not None:
            lines.append(
                f"added {hidden.line} to {hidden.path.name}, so that sdists don't include it"
            )
        lines += [as_text(checked)] if checked.says or failed else checked.notes
        if not failed:
            lines.append("next: hatch build (or `hatch-multiarch build`)")
            lines += [uvx] if uvx else []
    put("\n".join(lines))
    return failed


def _data(programs: Sequence[Program], aside: Sequence[Program]) -> dict[str, Any]:
    """Return what `--json` prints of the programs that are added and of those left out."""
    return {
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
        "left_out": [
            {
                "name": each.name,
                "folder": each.folder,
                "source": each.source,
                "package": each.package,
                "why": each.aside,
            }
            for each in aside
        ],
    }


def _new(target: Target) -> str:
    """Return what the new file says of the project, and where that comes from."""
    project = target.document["project"]
    version = f"version {project['version']}" if "version" in project else "version from git tags"
    license_ = f"license {project['license']}" if "license" in project else "no license"
    return f"created pyproject.toml: {project['name']}, {version}, {license_}"


def _left_out(program: Program) -> str:
    table = f"[tool.multiarch.helpers.{program.name}]"
    return (
        f"left out {program.name}, in {program.folder}: {program.aside}; to ship it, add {table} "
        f'with source = "{program.source}", package = "{program.package}"'
    )


def _uvx(name: str, programs: Sequence[Program]) -> str:
    """Return how users will run the programs of the distribution *name*; nothing for libraries."""
    commands = [
        f"uvx {name}" if each.name == name else f"uvx --from {name} {each.name}"
        for each in programs
        if not each.library
    ]
    return f"after you publish it: {', '.join(commands)}" if commands else ""


class _Fetching:
    """Says once that Go modules are fetched, which may take minutes."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self, line: str) -> None:
        if line.startswith("go: downloading ") and not self._said:
            self._said = True
            print(
                "downloading Go modules to check which of them need cgo",
                file=sys.stderr,
                flush=True,
            )


def _unseen(program: Program) -> str:
    """Return what a user has to do about packages that were not there to look at."""
    more = f" and {len(program.unseen) - 1} more" if program.unseen[1:] else ""
    return (
        f"note: {program.name}: its modules are not in Go's module cache and could not be fetched, "
        f"so {program.unseen[0]}{more} was not checked; run `go mod download` in "
        f"{program.source}, then `hatch-multiarch check`, which reports whether it needs cgo"
    )


def _diff(name: str, before: str, after: str) -> str:
    """Return what changes in the file *name* as a unified diff."""
    olds, news = before.splitlines(), after.splitlines()
    lines = difflib.unified_diff(olds, news, f"a/{name}", f"b/{name}", lineterm="")
    return "".join(f"{line}\n" for line in lines)
