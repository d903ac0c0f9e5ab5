"""``hatch-multiarch build``: builds without Hatch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hatch_multiarch.cli.workspace import folder_of, workspace_of
from hatch_multiarch.errors import PlanError
from hatch_multiarch.pipeline.run_hatchling import Asked, build, build_workspace, report_path
from hatch_multiarch.pipeline.workspace_build import Order
from hatch_multiarch.plan import Switches
from hatch_multiarch.process import terminable
from hatch_multiarch.report.workspace_report import report_file


def run(arguments: Any) -> int:
    """Build, and return hatchling's exit code. Raises MultiarchError."""
    found = workspace_of(arguments)
    root = folder_of(arguments) if found is None else found[0].root
    asked = Asked(
        platforms=tuple(arguments.platform or ()),
        image=arguments.image,
        engine=arguments.engine or "",
        offline=arguments.offline,
        fewer_platforms=arguments.fewer_platforms,
        targets=tuple(dict.fromkeys(arguments.target or ("sdist", "wheel"))),
        clean=arguments.clean,
        directory=str(Path(arguments.directory).resolve()) if arguments.directory else "",
    )
    if arguments.json and ("wheel" not in asked.targets or Switches.read(os.environ).skip):
        raise PlanError(
            "--json: without helpers in a wheel there is no report",
            advice="leave out -t sdist, and HATCH_MULTIARCH_SKIP",
        )
    if found is not None and "wheel" not in asked.targets:
        arguments.refuse("-t sdist: several projects are built together for their wheels")
    with terminable():
        if found is None:
            code = build(root, asked, os.environ, aloud=not arguments.json)
        else:
            order = Order(
                root=str(root),
                folders=found[1],
                sdist="sdist" in asked.targets,
                directory=asked.directory,
                clean=asked.clean,
            )
            code = build_workspace(found[0], order, asked, os.environ, aloud=not arguments.json)
    if arguments.json and code == 0:
        report = report_path(root) if found is None else report_file(root)
        print(report.read_text("utf-8"), end="")
    elif arguments.json:
        says = "the build failed; the errors are on standard error"
        error = {"message": says, "advice": "", "exit_code": code}
        print(json.dumps({"error": error}, indent=2))
    return code
