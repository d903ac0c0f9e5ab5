"""The section of the wheels: their tags, sizes and hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.report.html.elements import chips, code, count, facts, measure, section, size
from hatch_multiarch.report.html.markup import Markup, el, join

if TYPE_CHECKING:
    from hatch_multiarch.report.report_model import Report, SdistRecord, WheelRecord


def wheels(report: Report) -> Markup:
    """Return the section: a bar for each platform, as long as its wheel is large."""
    largest = max((each.size for each in report.wheels), default=0)
    total = size(sum(each.size for each in report.wheels))
    wheels = count(len(report.wheels), "wheel")
    note = f"{wheels}, {total} in total. The tags are read from the binaries."
    items = (_wheel(each, largest) for each in report.wheels)
    held = el("ul", *items, class_="cards")
    sdist = facts([_sdist(report.sdist)]) if report.sdist is not None else None
    return section("wheels", "Wheels", note, held, sdist)


def _sdist(found: SdistRecord) -> tuple[str, object]:
    digest = el("span", " sha256 ", code(found.sha256), class_="digest")
    return "sdist", join([code(found.file), " ", size(found.size), digest])


def _wheel(wheel: WheelRecord, largest: int) -> Markup:
    python, _, platforms = wheel.tag.rpartition("-")
    held = ", ".join(wheel.helpers) or "no helpers"
    return el(
        "li",
        measure(wheel.platform, wheel.size, largest),
        el("p", chips([python, *platforms.split(".")]), el("span", f"with {held}", class_="aside")),
        el("p", code(wheel.file, class_="file")),
        el("p", "sha256 ", code(wheel.sha256), class_="digest"),
    )
