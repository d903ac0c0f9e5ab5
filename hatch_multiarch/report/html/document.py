"""The whole HTML page: its head, its style and its sections in order."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.errors import ReportError
from hatch_multiarch.report.html.binaries import binaries, modules, proof
from hatch_multiarch.report.html.image_section import image
from hatch_multiarch.report.html.markup import Markup, el, join
from hatch_multiarch.report.html.summary import summary
from hatch_multiarch.report.html.timeline import timeline
from hatch_multiarch.report.html.wheel_section import wheels

if TYPE_CHECKING:
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
