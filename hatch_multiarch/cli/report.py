"""``hatch-multiarch report``: writes the report as an HTML page, or prints its table."""

from __future__ import annotations

import json
import webbrowser
from typing import Any

from hatch_multiarch.cli.output import put
from hatch_multiarch.errors import ReportError
from hatch_multiarch.pipeline.find_outputs import find_report
from hatch_multiarch.report.console import Console
from hatch_multiarch.report.console.summary_table import markdown
from hatch_multiarch.report.html import write_page
from hatch_multiarch.report.load import load


def run(arguments: Any) -> int:
    """Write the page and print where it is, or the table. Raises MultiarchError."""
    if arguments.markdown and (arguments.output or arguments.open or arguments.json):
        arguments.refuse("--markdown prints a table and writes no page")
    source = find_report(arguments.source)
    target = arguments.output or source.with_suffix(".html")
    report = load(source)
    if arguments.markdown:
        print(markdown(report), end="")
        return 0
    if target.exists() and target.samefile(source):
        raise ReportError(
            f"{target}: the page would replace the report", advice="name another file"
        )
    write_page(report, target)
    if arguments.json:
        print(json.dumps({"report": str(source), "page": str(target)}, indent=2))
    else:
        put(str(target))
    if arguments.open and not webbrowser.open(target.resolve().as_uri()):
        Console().warn(f"no browser was found here; open {target} yourself")
    return 0
