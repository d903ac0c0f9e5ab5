"""The whole HTML page: its head, its style and its sections in order."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.errors import ReportError
from hatch_multiarch.report.html.elements import Markup, el, facts, join, seconds, size
from hatch_multiarch.report.html.sections import binaries, image, modules, proof, wheels
from hatch_multiarch.report.html.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.report.report_model import Report

STYLE = Path(__file__).with_name("style.css")
SECTIONS = (timeline, wheels, image, binaries, modules, proof)


def page(report: Report) -> str:
    """Return the page: HTML that loads nothing and runs nothing, whatever the report says."""
    style = Markup(STYLE.read_text(encoding="utf-8"))
    name = f"{report.project.name} {report.project.version}"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy(style)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="generator", content=f"hatch-multiarch {report.tools.plugin}"),
        el("title", f"{name}: build report"),
        el("style", style),
    )
    parts = [part for make in SECTIONS if (part := make(report)) is not None]
    footer = el(
        "footer",
        f"Written by hatch-multiarch {report.tools.plugin} from the report of the build, "
        f"format {report.schema}.",
    )
    body = el("body", summary(report), el("main", join(parts, "\n")), footer)
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def write_page(report: Report, target: Path) -> None:
    """Write the page of *report* to *target*, whole or not at all. Raises ReportError."""
    try:
        files.write(page(report), target)
    except OSError as error:
        raise ReportError(
            f"{target}: the page cannot be written: {error.strerror}",
            advice="write it elsewhere with --output",
        ) from None


def _policy(style: str) -> str:
    """Return a Content-Security-Policy (level 3) under which just this *style* counts."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


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
