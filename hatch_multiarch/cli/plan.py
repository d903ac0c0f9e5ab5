"""``hatch-multiarch plan``: shows what a build would do."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

from hatchling.builders.wheel import WheelBuilder

from hatch_multiarch.cli.output import put
from hatch_multiarch.cli.workspace import folder_of, workspace_of
from hatch_multiarch.pipeline.other_hooks import other_hooks
from hatch_multiarch.pipeline.workspace_build import plan_workspace
from hatch_multiarch.plan import Switches, choose, make_plan, show
from hatch_multiarch.project import read_project


def run(arguments: Any) -> int:
    """Print the plan. Raises MultiarchError."""
    if found := workspace_of(arguments):
        together = plan_workspace(found[0], arguments.mode, os.environ)
        if arguments.json:
            print(json.dumps(together.as_data(), indent=2))
        else:
            put(together.as_text())
        return 0
    switches = Switches.read(os.environ)
    if switches.skip:
        note = "HATCH_MULTIARCH_SKIP is set: a build would make one wheel, without helpers"
        nothing = {"units": [], "wheels": [], "image": None, "notes": [note]}
        print(json.dumps(nothing, indent=2) if arguments.json else note)
        return 0
    project, config = read_project(folder_of(arguments))
    choice = choose(config, project.name, arguments.mode, switches, os.environ)
    plan = make_plan(project, config, arguments.mode, switches, choice)
    if arguments.mode != "editable":
        others = other_hooks(WheelBuilder(str(project.root)), config)
        notes = (f"{each.says}; {each.advice}" for each in others)
        plan = replace(plan, notes=(*plan.notes, *notes))
    if arguments.json:
        print(json.dumps(show.as_data(plan), indent=2))
    else:
        put(show.as_text(plan))
    return 0
