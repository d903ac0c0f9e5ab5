"""The table at the end of a build: one row per platform and helper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from hatch_multiarch.console.formatting import duration, megabytes

if TYPE_CHECKING:
    from hatch_multiarch.report import Report
    from hatch_multiarch.report.report_model import UnitRecord

GAP = 2


def table(report: Report, *, width: int) -> Table:
    """Return the table of *report* for a terminal of *width* columns.

    The wheel is shown by its file name where that fits, else by its platform tags, one to a line.
    """
    rows = [_row(report, platform) for platform in report.platforms]
    files = {wheel.platform: [wheel.file] for wheel in report.wheels}
    left = sum(max(len(line) for row in rows for line in row[at]) + GAP for at in range(5))
    fits = all(left + len(name) <= width for [name] in files.values())
    if not fits:
        files = {wheel.platform: wheel.tag.split("-")[-1].split(".") for wheel in report.wheels}
    made = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    for name in ("platform", "helper", "libc"):
        made.add_column(name, no_wrap=True)
    for name in ("size", "time"):
        made.add_column(name, no_wrap=True, justify="right")
    made.add_column("wheel", overflow="fold")
    for row in rows:
        wheel = files.get(row[0][0], [])
        made.add_row(*(Text("\n".join(lines)) for lines in (*row, wheel)))
    return made


def _row(report: Report, platform: str) -> tuple[list[str], ...]:
    """Return the lines of each column for *platform*, without the wheel."""
    units = [unit for unit in report.units if unit.platform == platform]
    return (
        [platform],
        [unit.helper for unit in units],
        [_libc(unit) for unit in units],
        [megabytes(unit.size) for unit in units],
        ["cached" if unit.cached else duration(unit.seconds) for unit in units],
    )


def _libc(unit: UnitRecord) -> str:
    """Return what a system must have: ``static``, ``glibc 2.17``, ``macOS 13.0``."""
    if unit.macos is not None:
        return f"macOS {unit.macos}"
    if unit.libc == "none":
        return "-"
    return f"{unit.libc} {unit.floor}" if unit.floor else unit.libc
