"""The top of the page: what was built, when, and by what."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from hatch_multiarch.report.html.elements import facts, seconds, size
from hatch_multiarch.report.html.markup import Markup, el

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.report.report_model import Report


def summary(report: Report) -> Markup:
    """Return the project's name, the numbers that say most, the tools, and the way around."""
    project = report.project
    return el(
        "header",
        el("p", "Build report", class_="over"),
        el("h1", project.name, " ", el("span", project.version, class_="version")),
        el("p", _when(report), class_="note"),
        el("ul", *(_tile(*each) for each in _numbers(report)), class_="tiles"),
        facts(_tools(report)),
        el("nav", *(_link(*each) for each in _places(report)), aria_label="Sections"),
    )


def _when(report: Report) -> Markup:
    timing = report.timing
    try:
        began = datetime.strptime(timing.started, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        shown = began.strftime("%Y-%m-%d, %H:%M:%S UTC")
    except ValueError:
        shown = timing.started
    when = el("time", shown, datetime=timing.started)
    return el("span", "Built ", when, f", in {seconds(timing.seconds)}")


def _numbers(report: Report) -> Iterator[tuple[str, str, str]]:
    units, cached = report.units, sum(unit.cached for unit in report.units)
    compiled = len(units) - cached
    yield (
        str(len(units)),
        "binary" if len(units) == 1 else "binaries",
        f"{compiled} built, {cached} up to date" if cached else "all compiled",
    )
    total = sum(wheel.size for wheel in report.wheels)
    yield (str(len(report.wheels)), "wheel" if len(report.wheels) == 1 else "wheels", size(total))
    if report.image is not None:
        held = len(report.image.manifests)
        largest = max((each.size for each in report.image.manifests), default=0)
        yield str(held), f"image platform{'' if held == 1 else 's'}", f"up to {size(largest)}"
    both = sum(each.wheel is not None and each.image is not None for each in report.proof)
    shipped = sum(each.wheel is not None or each.image is not None for each in report.proof)
    yield str(shipped), "verified", f"{both} in a wheel and in the image"


def _tools(report: Report) -> Iterator[tuple[str, str]]:
    tools = report.tools
    yield (
        "compiled on",
        {"host": "the host", "buildkit": "BuildKit"}.get(tools.engine, tools.engine),
    )
    yield "Go", (tools.go or "not used").removeprefix("go ")
    yield "C", ", ".join(tools.compilers) or "not used"
    yield "compressor", tools.compressor
    yield "hatch-multiarch", tools.plugin
    yield "hatchling", tools.hatchling
    yield "Python", tools.python


def _places(report: Report) -> Iterator[tuple[str, str]]:
    yield "timeline", "Timeline"
    yield "wheels", "Wheels"
    if report.image is not None:
        yield "image", "Image"
    yield "binaries", "Binaries"
    yield "modules", "Go modules"
    yield "proof", "Proof"


def _tile(number: str, what: str, more: str) -> Markup:
    return el("li", el("b", number), " ", what, " ", el("small", more))


def _link(name: str, title: str) -> Markup:
    return el("a", title, href=f"#{name}")
