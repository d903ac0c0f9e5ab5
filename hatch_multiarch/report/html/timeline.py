"""The timeline of the units, as SVG and as a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.report.html.elements import (
    Markup,
    count,
    el,
    join,
    percent,
    seconds,
    section,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hatch_multiarch.report.report_model import Report, UnitRecord

LANE, BAR, AXIS = 36, 28, 26
"""Heights: of a worker's lane, of a bar in it, of the time below; in CSS pixels."""
WIDE, NARROW, LETTER, MARGIN = 860, 250, 7, 12
"""Widths that the picture has at least, on a desk and on a phone; of a letter; beside a label."""
COLOURS = 6
"""As many as style.css has."""
STEPS = 4
"""Marks on the axis, about; they still stand apart on a phone."""
EDGE = 0.05
"""Share of the picture's width that half a mark may take."""
SLACK = 0.015
"""Seconds by which two units that follow each other may overlap: times have two decimals."""


@dataclass(frozen=True)
class _Bar:
    number: int
    """In the table."""
    unit: UnitRecord
    lane: int
    colour: int

    @property
    def end(self) -> float:
        return self.unit.start + self.unit.seconds


def timeline(report: Report) -> Markup:
    """Return the section; the bars have the numbers that the rows of the table have."""
    if not report.units:
        return section("timeline", "Timeline", "Nothing was compiled.")
    bars = _bars(report.units)
    made = count(len(bars), "binary", "binaries")
    known = all(unit.worker is not None for unit in report.units)
    head = ["#", "helper", "platform", "start>", "took>", "worker>" if known else "lane>", "state>"]
    rows = table("Build times", head, map(_row, bars))
    if not any(unit.seconds > 0 for unit in report.units):  # so BuildKit tells of what it kept
        return section("timeline", "Timeline", f"{made}, all up to date.", rows)
    whole = max(bar.end for bar in bars)
    lanes = max(bar.lane for bar in bars) + 1
    where = (
        f"on {count(lanes, 'worker')}"
        if known
        else f"up to {lanes} at once, as BuildKit schedules them"
    )
    note = f"{made} in {seconds(whole)}, {where}."
    if bars[0].unit.start > EDGE * whole:  # BuildKit pulls images and installs packages first
        note += f" The first one started after {seconds(bars[0].unit.start)}."
    picture = el(
        "div", _names(lanes, known=known), _picture(bars, lanes, whole, note), class_="lanes"
    )
    figure = el("figure", picture, el("figcaption", _legend(bars)))
    return section("timeline", "Timeline", note, figure, rows)


def _bars(units: Sequence[UnitRecord]) -> list[_Bar]:
    """Give each of *units* a lane, and a number by when it began.

    The lane is its worker; where there is none, the first one that is free then.
    """
    helpers = list(dict.fromkeys(unit.helper for unit in units))
    free: list[float] = []
    bars = []
    for number, unit in enumerate(sorted(units, key=lambda unit: unit.start), 1):
        lane = unit.worker
        if lane is None or not 0 <= lane < len(units):
            ready = (at for at, end in enumerate(free) if end <= unit.start + SLACK)
            lane = next(ready, len(free))
        free += [0.0] * (lane + 1 - len(free))
        free[lane] = unit.start + unit.seconds
        bars.append(_Bar(number, unit, lane, helpers.index(unit.helper) % COLOURS))
    return bars


def _picture(bars: Sequence[_Bar], lanes: int, whole: float, note: str) -> Markup:
    described = "; ".join(_said(bar) for bar in bars)
    height = lanes * LANE
    return el(
        "svg",
        el("title", "Timeline of the units on the workers", id="picture-title"),
        el("desc", f"{note} {described}.", id="picture-desc"),
        *_axis(whole, height),
        *(_bar(bar, whole) for bar in bars),
        width="100%",
        height=height + AXIS,
        role="img",
        aria_labelledby="picture-title picture-desc",
        class_="timeline",
    )


def _axis(whole: float, height: int) -> Iterator[Markup]:
    for mark in marks(whole):
        x = percent(mark, whole)
        yield el("line", x1=x, x2=x, y1=0, y2=height + 4)
        share = mark / whole if whole else 0
        # The first and the last one stay within the picture.
        place = " first" if share < EDGE else " last" if share > 1 - EDGE else ""
        yield el("text", f"{mark:g} s", x=x, y=height + 20, class_=f"mark{place}")


def marks(whole: float) -> list[float]:
    """Return where the axis has marks, from 0 to at most *whole* seconds: 0, 0.5, 1, ..."""
    if whole <= 0:
        return [0.0]
    power = 10.0 ** math.floor(math.log10(whole / STEPS))
    step = next(
        power * each for each in (1, 2, 2.5, 5, 10) if power * each * (1 + 1e-9) >= whole / STEPS
    )
    return [step * each for each in range(int(whole / step * (1 + 1e-9)) + 1)]


def _bar(bar: _Bar, whole: float) -> Markup:
    x, width = percent(bar.unit.start, whole), percent(bar.unit.seconds, whole)
    y = bar.lane * LANE + (LANE - BAR) // 2
    share = bar.unit.seconds / whole if whole > 0 else 0
    names = [
        f"{bar.number}  {bar.unit.helper} {bar.unit.platform}",
        f"{bar.number}  {bar.unit.platform}",
        str(bar.number),
    ]
    labels = [
        el("text", label, x="50%", y=BAR // 2 + 4, class_=name)
        for name, room in (("wide", WIDE), ("narrow", NARROW))
        if (label := next((e for e in names if len(e) * LETTER + MARGIN <= room * share), ""))
    ]
    kind = f"unit c{bar.colour}{' cached' if bar.unit.cached else ''}"
    return el(
        "g",
        el("title", f"{bar.number}: {_said(bar)}"),
        el("rect", x=x, y=y, width=width, height=BAR, rx=4),
        # A picture in the picture: what does not fit into it is cut off.
        el("svg", *labels, x=x, y=y, width=width, height=BAR) if labels else None,
        class_=kind,
    )


def _said(bar: _Bar) -> str:
    unit = bar.unit
    state = ", up to date" if unit.cached else ""
    began, took = seconds(unit.start), seconds(unit.seconds)
    return f"{unit.helper} {unit.platform} from {began}, {took}{state}"


def _names(lanes: int, *, known: bool) -> Markup:
    word = el("span", "worker " if known else "lane ", class_="wide")
    return el("div", *(el("span", word, lane + 1) for lane in range(lanes)), class_="names")


def _legend(bars: Iterable[_Bar]) -> Markup:
    colours: dict[str, int] = {}
    for bar in bars:
        colours.setdefault(bar.unit.helper, bar.colour)
    items = [
        el("span", el("i", class_=f"swatch c{colour}"), name)
        for name, colour in sorted(colours.items(), key=lambda item: item[1])
    ]
    if any(bar.unit.cached for bar in bars):
        items.append(el("span", el("i", class_="swatch cached"), "up to date"))
    return el("span", join(items, " "), class_="legend")


def _row(bar: _Bar) -> list[object]:
    unit = bar.unit
    state = "up to date" if unit.cached else "built"
    name = el("span", el("i", class_=f"swatch c{bar.colour}"), unit.helper, class_="named")
    return [
        bar.number,
        name,
        unit.platform,
        seconds(unit.start),
        seconds(unit.seconds),
        bar.lane + 1,
        state,
    ]
