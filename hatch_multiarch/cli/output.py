"""Prints for people: no wider than the terminal."""

from __future__ import annotations

import os
import re
import sys

from hatch_multiarch.report.console.formatting import fold, tame


def put(text: str) -> None:
    """Print *text*, its long lines folded between words where a terminal shows them.

    A file or another program gets the lines as they are.
    """
    text = tame(text, sys.stdout.encoding or "utf-8")
    if width := columns():
        text = "\n".join(fold(line, width) for line in text.split("\n"))
    print(_MARK.sub(_painted, text) if _paints() else text, flush=True)


_MARK = re.compile(r"^( *)(ok|--)(?=  )", re.MULTILINE)
"""What lines of doctor and emulators begin with."""

_COLOURS = {"ok": "32", "--": "33"}
"""Green and yellow (ECMA-48, SGR)."""


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
