"""``hatch-multiarch ci``: a pipeline for GitHub or GitLab that builds, verifies and publishes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EXAMPLE = """\
example:
  hatch-multiarch ci github             writes .github/workflows/multiarch.yml
  hatch-multiarch ci gitlab --stdout    prints what .gitlab-ci.yml would be
  hatch-multiarch ci github --check     exit 1 when the file is stale
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "ci",
        help="write the pipeline for GitHub or GitLab",
        epilog=EXAMPLE,
    )
    parser.add_argument("kind", choices=("github", "gitlab"), help="who runs it")
    parser.add_argument(
        "folder", nargs="?", default=".", help="the project (here); `-` is --stdout"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--stdout", action="store_true", help="print it, write nothing")
    how.add_argument("--check", action="store_true", help="write nothing; exit 1 when it is stale")
    how.add_argument("--force", action="store_true", help="overwrite a file that was changed")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Write the file, print it or check it. Raises MultiarchError."""
    from hatch_multiarch.ci import pipeline_file, read_pipeline, write  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.cli.output import put  # noqa: PLC0415

    dash = arguments.folder == "-"
    root = Path("." if dash else arguments.folder).resolve()
    file = pipeline_file(root, arguments.kind, read_pipeline(root))
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
        put(f"{name} was changed by hand, or is not ours")
    else:
        put(f"{name} {'is missing' if file.found is None else 'is stale'}")
    return code
