"""``hatch-multiarch build``: builds without Hatch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hatch_multiarch.errors import PlanError
from hatch_multiarch.pipeline.run_hatchling import Asked, build, report_path
from hatch_multiarch.plan import Switches
from hatch_multiarch.process import terminable


def run(arguments: Any) -> int:
    """Build, and return hatchling's exit code. Raises MultiarchError."""
    root = arguments.folder.resolve()
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
    with terminable():
        code = build(root, asked, os.environ, aloud=not arguments.json)
    if arguments.json and code == 0:
        print(report_path(root).read_text("utf-8"), end="")
    elif arguments.json:
        says = "the build failed; the errors are on standard error"
        error = {"message": says, "advice": "", "exit_code": code}
        print(json.dumps({"error": error}, indent=2))
    return code
