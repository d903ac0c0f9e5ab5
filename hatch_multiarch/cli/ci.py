"""``hatch-multiarch ci``: a pipeline for GitHub or GitLab that builds, verifies and publishes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

EXAMPLE = """\
example:
  hatch-multiarch ci github             writes .github/workflows/multiarch.yml
  hatch-multiarch ci gitlab --stdout    prints what .gitlab-ci.yml would be
  hatch-multiarch ci github --check     exit 1 when the file is not what the config asks for
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "ci",
        help="write the pipeline for GitHub or GitLab",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=("github", "gitlab"), help="who runs it")
    parser.add_argument(
        "folder", nargs="?", default=".", help="the project (here); `-` is --stdout"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--stdout", action="store_true", help="print it, write nothing")
    how.add_argument("--check", action="store_true", help="write nothing; exit 1 when it is stale")
    how.add_argument("--force", action="store_true", help="overwrite a file that was changed")
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Write the file, print it or check it. Raises MultiarchError."""
    from hatch_multiarch.ci import pipeline_file, read_pipeline, write  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.console.words import tame  # noqa: PLC0415

    dash = arguments.folder == "-"
    root = Path("." if dash else arguments.folder).resolve()
    file = pipeline_file(root, arguments.kind, read_pipeline(root))
    name = file.path.relative_to(root).as_posix()
    if arguments.stdout or dash:
        print(file.text, end="")
        return 0
    if arguments.check:
        state = "is stale" if file.found is not None else "is missing"
        if file.edited:
            state = "was changed by hand, or is not ours"
        said = f"{name} {state}" if file.stale else f"{name} is current"
        print(tame(said, sys.stdout.encoding))
        return int(file.stale)
    if file.stale:
        write(file, force=arguments.force)
    print(f"{name} {'written' if file.stale else 'is current'}")
    return 0
