"""What a command prints for people: no wider than the terminal, and whole where there is none."""

from __future__ import annotations

import os
import sys

from hatch_multiarch.console.words import fold, tame


def put(text: str) -> None:
    """Print *text*, its long lines folded between words where a terminal shows them.

    A file or another program gets the lines as they are.
    """
    text = tame(text, sys.stdout.encoding or "utf-8")
    width = columns()
    print("\n".join(fold(line, width) for line in text.split("\n")) if width else text, flush=True)


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
