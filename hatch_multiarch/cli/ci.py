"""``hatch-multiarch ci``: a pipeline for GitHub or GitLab that builds, verifies and publishes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hatch_multiarch.ci import pipeline_file, read_pipeline, write
from hatch_multiarch.cli.output import put


def run(arguments: Any) -> int:
    """Write the file, print it or check it. Raises MultiarchError."""
    if arguments.reusable and arguments.kind != "github":
        arguments.refuse("--reusable is for GitHub; GitLab can `include` what --stdout prints")
    dash = arguments.folder == "-"
    root = Path("." if dash else arguments.folder).resolve()
    file = pipeline_file(root, arguments.kind, read_pipeline(root), reusable=arguments.reusable)
    name = file.path.relative_to(root).as_posix()
    writes = file.stale and not (arguments.check or arguments.stdout or dash)
    if writes:
        write(file, force=arguments.force)
    code = int(arguments.check and file.stale)
    if arguments.json:
        told = {"file": name, "stale": file.stale, "written": writes, "text": file.text}
        print(json.dumps(told, indent=2))
    elif arguments.stdout or dash:
        print(file.text, end="")
    elif writes:
        put(f"{name} written")
    elif not file.stale:
        put(f"{name} is current")
    elif file.edited:
        put(f"{name} was edited, or not written by hatch-multiarch")
    else:
        put(f"{name} {'is missing' if file.found is None else 'is stale'}")
    return code
