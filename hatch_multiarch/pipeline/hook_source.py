"""Reads the source of a build hook: whether it tags the wheel, or compiles Go. Nothing is run."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_GO = re.compile(r"(?i)(?<![a-z])go(?:bin|cmd|exe|tool)?(?![a-z])")
"""What calls the Go compiler: ``"go"``, ``str(go_binary)``, ``gocmd``."""

_KNOWN = {"self.target_name": "wheel", "version": "standard"}
"""What a hook is told in a build of a wheel."""


@dataclass(frozen=True)
class HookSource:
    """What a hook does, by the lines of its source; 0 stands for none."""

    tag: int = 0
    """The line that gives the wheel a platform's tag."""
    always: bool = False
    """It does so in every build of a wheel, as far as the source tells."""
    go: int = 0
    """The line that runs ``go build``."""
    words: frozenset[str] = frozenset()
    """The parts of the paths and command lines in it."""


def read_source(path: Path) -> HookSource:
    """Read the source of a hook. Raises OSError, and ValueError or SyntaxError for no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the hook's author may have written better
        tree = ast.parse(path.read_bytes())
    nodes = list(ast.walk(tree))
    always: list[ast.stmt] = []
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.name == "initialize":
            _always(node.body, always)
    sure = _tag_lines(each for statement in always for each in ast.walk(statement))
    texts = [each.value for each in nodes if isinstance(each, ast.Constant)]
    return HookSource(
        tag=min(sure or _tag_lines(nodes), default=0),
        always=bool(sure),
        go=min(_go_lines(nodes), default=0),
        words=frozenset(
            part.removesuffix(".exe")
            for text in texts
            if isinstance(text, str)
            for part in re.split(r"[\\/\s]+", text)
        ),
    )


def _tag_lines(nodes: Iterator[ast.AST] | Sequence[ast.AST]) -> list[int]:
    """Return the lines that give ``build_data`` a tag which is not for any platform."""
    lines = []
    for node in nodes:
        pairs: list[tuple[Any, Any]] = []
        if isinstance(node, ast.Assign):
            places = (each for each in node.targets if isinstance(each, ast.Subscript))
            pairs = [(each.slice, node.value) for each in places if _build_data(each.value)]
        elif isinstance(node, ast.AugAssign) and _build_data(node.target):
            pairs = _items(node.value)
        elif isinstance(node, ast.Call) and _build_data(getattr(node.func, "value", node)):
            pairs = [(ast.Constant(each.arg), each.value) for each in node.keywords]
            pairs += [pair for each in node.args for pair in _items(each)]
            pairs += zip(node.args, node.args[1:], strict=False)  # setdefault
        if any(_platform(_value(key), _value(value)) for key, value in pairs):
            lines.append(getattr(node, "lineno", 0))
    return lines


def _build_data(node: ast.AST) -> bool:
    return getattr(node, "attr", getattr(node, "id", "")) == "build_data"


def _items(node: ast.AST) -> list[tuple[Any, Any]]:
    return list(zip(node.keys, node.values, strict=True)) if isinstance(node, ast.Dict) else []


def _value(node: ast.AST | None) -> Any:
    """Return what a literal says; what only a build knows is ``...``."""
    return node.value if isinstance(node, ast.Constant) else ...


def _platform(key: object, value: object) -> bool:
    if key == "infer_tag":
        return bool(value)
    return key == "tag" and bool(value) and not str(value).endswith("-none-any")


def _always(body: Sequence[ast.stmt], found: list[ast.stmt]) -> bool:
    """Add to *found* what each build of a wheel runs of *body*; return whether it gets to the end.

    Any condition but that of a target or a version may hold or not.
    """
    for each in body:
        inner: Sequence[ast.stmt] = ()
        if isinstance(each, ast.If):
            holds = _holds(each.test)
            if holds is None and any(isinstance(one, ast.Return) for one in ast.walk(each)):
                return False
            inner = () if holds is None else each.body if holds else each.orelse
        elif isinstance(each, (ast.With, ast.Try)):
            inner = each.body
        elif isinstance(each, ast.Return):
            return False
        elif not isinstance(each, (ast.For, ast.While)):
            found.append(each)
        if not _always(inner, found):
            return False
    return True


def _holds(test: ast.expr) -> bool | None:
    """Return whether a condition holds in a build of a wheel; None when that is not known."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _holds(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        parts = [_holds(each) for each in test.values]
        decides = isinstance(test.op, ast.Or)
        return decides if decides in parts else None if None in parts else not decides
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (ast.Eq, ast.NotEq)):
        return None
    sides = [ast.unparse(each) for each in (test.left, test.comparators[0])]
    known = [_KNOWN[each] for each in sides if each in _KNOWN]
    named = [_value(each) for each in (test.left, test.comparators[0]) if _value(each) is not ...]
    if len(known) != 1 or len(named) != 1:
        return None
    return (known == named) == isinstance(test.ops[0], ast.Eq)


def _go_lines(nodes: Sequence[ast.AST]) -> Iterator[int]:
    """Yield the lines that run ``go build``: by words, or by a command line."""
    for node in nodes:
        words: list[ast.expr] = []
        if isinstance(node, (ast.List, ast.Tuple)):
            words = node.elts
        elif isinstance(node, ast.Call):
            words = node.args
        first = ast.unparse(words[0]) if len(words) > 1 and _value(words[1]) == "build" else ""
        if _GO.search(first) or any(str(_value(each)).startswith("go build") for each in words):
            yield getattr(node, "lineno", 0)
