"""Check the English of the documentation and of the messages: `python docs/prose.py`.

It needs proselint, which `nox -s docs` installs. WORDS is our own style; proselint brings the
rest. Code, links' targets and what is generated from other sources are not looked at.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from proselint.checks import __register__
from proselint.config import DEFAULT
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check, types
from proselint.tools import LintFile

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
WORDS = {
    "anew": "again",
    "beside": "next to, in addition to",
    "brings (?:it|them|its|the|Go|zig|all)": "installs, includes",
    "cut off": "truncated, interrupted",
    "goes on": "continues",
    "(?:has|have) (?:it|them) not": "doesn't have",
    "(?:scratch|base|zig|Go|docker|which) has not": "doesn't have",
    "heed(?:s|ed)?": "respect",
    "in hand": "current, local",
    "(?:it|that|this|which|machine|image|one|what|environment|file|base) lacks?": "doesn't have",
    "(?:is|are) told": "is shown, is passed",
    "told by": "from, shown by",
    "to be had": "available",
    "makes? .{1,30} anew": "creates again",
    "mend": "fix",
    "of (?:its|their|your|our|his) own": "its own",
    "once more": "again",
    "says (?:so|which|what|why|who|how|where|of)": "shows, describes, names",
    "stands? (?:in|for|there|still|beside|below|before)": "is in",
    "thereof|therein|thereby|wherein|hence|thus|hitherto": "plain words",
    "unseen": "unnoticed",
    "wants? (?:a|an|the|other|one|to be)": "needs, requires",
    "what (?:is|was) (?:there|said)": "what exists",
    ", for (?:it|they|he|she|we|nobody|nothing|neither|there|zig|Go|a|no)": ", because",
    "whatever (?:it|the|its) .{1,20} is": "regardless of",
    "whom": "a plainer sentence",
}
"""Turns that readers stumble over, as regular expressions, and what to write instead."""
OFF = (
    "annotations",
    "dates_times",
    "lexical_illusions",  # a word twice, as tables have it
    "spelling",
    "terms",
    "typography",
)
"""Checks of proselint that are about other texts: names, code and tables are no prose."""
GENERATED = ("docs/reference/config.md", "docs/reference/cli.md", "docs/reference/platforms.md")
"""Pages that hold what the sources say, which is checked there."""
CHANGELOG = re.compile(r"^## .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
NO_PROSE = re.compile(
    r"^```.*?^```$|^<!--.*?-->$|^ {4,}.*$|`[^`]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL
)


def main() -> None:
    """Print each place that reads badly; exit with 1 if there is one."""
    registry = CheckRegistry()
    house = types.PreferredForms(WORDS)
    ours = Check(house, path="house.words", message="'{1}': write {0}")
    registry.register_many((ours, *__register__))
    enabled = {name: on and name not in OFF for name, on in DEFAULT["checks"].items()}
    count = 0
    for place, text, checks in texts():
        config = {**DEFAULT, "checks": {"house": True, **(enabled if checks else {})}}
        for found in LintFile(place, text).lint(config):
            result = found.check_result
            line = found.pos[0] - 1
            print(f"{place}{f':{line}' if checks else ''}: {result.message} ({result.check_path})")
            count += 1
    sys.exit(count > 0)


def texts() -> Iterator[tuple[str, str, bool]]:
    """Yield the prose of each page, and each message; True for a page, False for a message."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("example_project/*.md"), *ROOT.glob("docs/**/*.md")]
    for path in sorted(pages):
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text("utf-8")
        if name == "CHANGELOG.md" and (newest := CHANGELOG.search(text)):
            text = text[: newest.end()]
        if name not in GENERATED:
            yield name, NO_PROSE.sub(_blank, text), True
    for path in sorted((ROOT / "hatch_multiarch").rglob("*.py")):
        for line, text in _strings(ast.parse(path.read_text("utf-8"))):
            yield f"{path.relative_to(ROOT).as_posix()}:{line}", text, False


def _blank(found: re.Match[str]) -> str:
    """Return as many lines as *found* has, and a word of no language for code inside a line."""
    return "\n" * found[0].count("\n") or " _ "


def _strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each string of several words that is no docstring."""
    inside = {id(part) for node in ast.walk(tree) for part in _parts(node)}
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                str(each.value) if isinstance(each, ast.Constant) else "_" for each in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if len(re.findall(r"[a-z]{2,}", text)) > 2:  # noqa: PLR2004 - words of a sentence
            yield node.lineno, text


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the strings that belong to *node*: parts of an f-string, and docstrings."""
    if isinstance(node, ast.JoinedStr):
        yield from node.values
    elif isinstance(node, ast.Expr):
        yield node.value


if __name__ == "__main__":
    main()
