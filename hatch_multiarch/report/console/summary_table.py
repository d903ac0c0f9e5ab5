"""The table at the end of a build: the helpers and the wheel of each platform."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from hatch_multiarch.report.console.formatting import duration, megabytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.report.report_model import Report, UnitRecord

HEAD = ("platform", "helper", "libc", "size", "time", "wheel")
NUMBERS = (3, 4)
"""Columns that are aligned on the right."""


def table(report: Report, width: int) -> list[str]:
    """Return the lines of the table of *report*, its head first; *width* 0 is for no terminal.

    A wheel is shown by its file name where a terminal of *width* columns has room for all of
    them, else by its tags, one to a line and never broken. Where those do not fit either, each
    platform is a list.
    """
    tags = {each.platform: each.tag.split("-")[-1].split(".") for each in report.wheels}
    tagged = _lines(_rows(report, tags))
    if not width:
        return tagged
    named = _lines(_rows(report, {each.platform: [each.file] for each in report.wheels}))
    fits = (lines for lines in (named, tagged) if max(map(len, lines)) <= width)
    return next(fits, None) or _lists(report, tags, width)


def markdown(report: Report) -> str:
    """Return the table of *report* as Markdown, below the project's name, and the image's digest.

    What a report says stands for itself: no character in it is Markdown's or HTML's.
    """
    rows = [HEAD, *_rows(report, {each.platform: [each.file] for each in report.wheels})]
    lines = [f"| {' | '.join(map(_escaped, row))} |" for row in rows]
    rule = ("--:" if number in NUMBERS else "---" for number in range(len(HEAD)))
    lines.insert(1, f"| {' | '.join(rule)} |")
    project = f"### {_escaped(f'{report.project.name} {report.project.version}')}"
    image = report.image
    said = ["", _escaped(f"image {image.reference}, {image.digest}")] if image else []
    return "\n".join([project, "", *lines, *said]) + "\n"


def _escaped(text: str) -> str:
    """Return *text* on one line as CommonMark reads it back (6.1, backslash escapes)."""
    return re.sub(r"([\\`*_\[\]<>|&~#])", r"\\\1", " ".join(text.split()))


def _rows(report: Report, wheels: dict[str, list[str]]) -> list[tuple[str, ...]]:
    rows = []
    for platform in report.platforms:
        units = [_unit(each) for each in report.units if each.platform == platform]
        for number, (unit, wheel) in enumerate(zip_longest(units, wheels.get(platform, [""]))):
            rows.append(("" if number else platform, *(unit or [""] * 4), wheel or ""))
    return rows


def _lines(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return *rows* below the head as aligned columns, two blanks between them."""
    every = [HEAD, *rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number in NUMBERS else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in every
    ]


def _lists(report: Report, tags: dict[str, list[str]], width: int) -> list[str]:
    """Return a line for each platform, helper and tag; the head says what those of helpers are.

    A helper has two where one is too long.
    """
    lines = ["  ".join(HEAD[1:-1])]
    for platform in report.platforms:
        lines.append(platform)
        for unit in (each for each in report.units if each.platform == platform):
            name, *cells = _unit(unit)
            line = f"  {'  '.join([name, *cells])}"
            lines += [line] if len(line) <= width else [f"  {name}", f"    {'  '.join(cells)}"]
        lines += [f"  {each}" for each in tags.get(platform, ())]
    return lines


def _unit(unit: UnitRecord) -> list[str]:
    """Return the cells of a helper."""
    time = "cached" if unit.cached else duration(unit.seconds)
    return [unit.helper, _libc(unit), megabytes(unit.size), time]


def _libc(unit: UnitRecord) -> str:
    """Return what a system must have: ``static``, ``glibc 2.17``, ``macOS 13.0``."""
    if unit.macos is not None:
        return f"macOS {unit.macos}"
    if unit.libc == "none":
        return "-"
    return f"{unit.libc} {unit.floor}" if unit.floor else unit.libc
