"""Formats numbers, and text from elsewhere."""

from __future__ import annotations

import re

CHECK = "✓"
"""Stands for all symbols beyond ASCII: a stream that cannot encode it gets none of them."""


def tame(text: str, encoding: str) -> str:
    """Return *text* without what would steer a terminal or cannot be written in *encoding*.

    A compiler's output and a file's name may hold anything, escape sequences too.
    """
    plain = "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode()
        for char in text.expandtabs()
    )
    return plain.encode(encoding, "backslashreplace").decode(encoding)


def duration(seconds: float) -> str:
    """Return *seconds* for people: ``3.2 s``, ``8 min 07 s``."""
    if round(seconds, 1) < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def took(seconds: float, *, cached: bool) -> str:
    """Return how long a unit took, or that it was there."""
    return "cached" if cached else duration(seconds)


def megabytes(size: int) -> str:
    """Return *size* (bytes) as ``2.3 MB``, a megabyte being 1 000 000 bytes."""
    return f"{size / 1e6:.1f} MB"


def fold(line: str, width: int) -> str:
    """Return *line* as lines of at most *width* columns, broken between words.

    Later lines are indented to the last column of a table, where that leaves them half of the
    width, or else by two more than the first. A word that is longer than all that stays whole: it
    is there to be copied, and a terminal wraps it by itself.
    """
    if len(line) <= width:
        return line
    starts = [found.end() for found in re.finditer(r"^ *|\S  +(?=\S)", line)]
    fits = [start for start in starts if start <= width // 2]
    indent = fits[-1] if len(fits) > 1 else len(line) - len(line.lstrip(" ")) + 2
    lines, current = [], ""
    for piece in re.findall(r" *[^ ]+", line):
        if current.strip() and len(current) + len(piece) > width:
            lines.append(current)
            current = " " * indent + piece.lstrip(" ")
        else:
            current += piece
    return "\n".join([*lines, current])
