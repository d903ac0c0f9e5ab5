"""Prints for people, no wider than the terminal, and errors, also as JSON."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from hatch_multiarch.report.console import Console
from hatch_multiarch.report.console.formatting import fold, tame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_multiarch.errors import MultiarchError
    from hatch_multiarch.pipeline.project_check import Problem

KEY = re.compile(
    r"(?:[^\s:]+: )?((?:tool\.(?:multiarch|hatch)|hatch\.toml: build|build-system)"
    r"(?:\.[\w-]+|\.\"[^\"]*\"|\[\d+\])*"
    r"|HATCH_MULTIARCH_\w+|SOURCE_DATE_EPOCH): "
)
"""What messages about a key or a variable begin with, in a workspace after the package's path."""
_MARK = re.compile(r"^( *)(ok|--)(?=  )", re.MULTILINE)
"""What lines of doctor and emulators begin with."""
_COLOURS = {"ok": "32", "--": "33"}
"""Green and yellow (ECMA-48, SGR)."""


def put(text: str) -> None:
    """Print *text*, its long lines folded between words where a terminal shows them.

    A file or another program gets the lines as they are.
    """
    text = tame(text, sys.stdout.encoding or "utf-8")
    if width := columns():
        text = "\n".join(fold(line, width) for line in text.split("\n"))
    print(_MARK.sub(_painted, text) if _paints() else text, flush=True)


def _painted(mark: re.Match[str]) -> str:
    return f"{mark[1]}\033[{_COLOURS[mark[2]]}m{mark[2]}\033[0m"


def _paints() -> bool:
    """Tell whether standard output is a terminal that shows colours, and whose user wants them.

    NO_COLOR: no-color.org. Windows' old console shows escape sequences as text.
    """
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return wanted and sys.platform != "win32" and sys.stdout.isatty()


def columns() -> int:
    """Return the columns of the terminal that standard output is, or COLUMNS; 0 for none."""
    if not sys.stdout.isatty():
        return 0
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return 0


def aligned(table: Sequence[Sequence[str]], width: int = 0, *, head: bool = False) -> list[str]:
    """Return the rows of *table* as lines with aligned columns, two blanks between them.

    Where those are wider than *width* (0: any is), each row becomes a few lines, the later ones
    indented; *head* is for a table whose first row names the columns.

    A name may hold a line break, which must not become a line of the table.
    """
    table = [[cell.replace("\n", "\\n") for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(" ")
        for row in table
    ]
    if not width or max(map(len, lines), default=0) <= width:
        return lines
    names = [name.lower() for name in table[0]] if head else []
    return [line for row in table[head:] for line in _stacked(row, names, width)]


def _stacked(row: Sequence[str], names: Sequence[str], width: int) -> Iterator[str]:
    """Yield *row* as lines: with *names* one for each cell that says something, else few."""
    if names:
        yield row[0]
        for name, cell in zip(names[1:], row[1:], strict=True):
            named = f"  {name}: {cell}"
            if cell not in ("", "-"):
                # What is a word too long for its name stands alone.
                yield named if len(named) <= width or " " in cell else f"  {cell}"
        return
    whole = "  ".join(filter(None, row))
    if len(whole) <= width:
        yield whole
    else:
        yield row[0]
        yield "  " + "  ".join(filter(None, row[1:]))


def error_data(error: MultiarchError | Problem) -> dict[str, Any]:
    """Return *error* as JSON-ready data; ``key`` is there when one of the config is at fault."""
    found = KEY.match(error.message)
    key = {"key": found[1]} if found else {}
    return {
        "message": error.message,
        "advice": error.advice,
        **key,
        "exit_code": error.exit_code,
    }


def say(error: MultiarchError, *, as_json: bool) -> int:
    """Print *error*, as JSON on standard output or for people on the other; return its code."""
    if as_json:
        print(json.dumps({"error": error_data(error)}, indent=2), flush=True)
    else:
        Console().error(error)
    return error.exit_code
