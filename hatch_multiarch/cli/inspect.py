"""``hatch-multiarch inspect``: what is in an image, without unpacking it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

EXAMPLE = """\
example:
  hatch-multiarch inspect                      the image that this project built
  hatch-multiarch inspect python:3.13-slim     one in a registry
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser("inspect", help="show the platforms of an image", epilog=EXAMPLE)
    parser.add_argument(
        "image",
        nargs="?",
        default=".",
        help="a pushed image, an archive, a layout folder, or a project (here)",
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument(
        "--check", action="store_true", help="also read every blob and compare it with its digest"
    )
    parser.set_defaults(run=run)


def run(arguments: Any) -> int:
    """Print what the image holds. Raises MultiarchError."""
    from hatch_multiarch.cli.output import columns, put  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.errors import ImageError  # noqa: PLC0415
    from hatch_multiarch.inspect import check, find, inspect_archive, open_image, show  # noqa: PLC0415

    found = find(arguments.image)
    if isinstance(found, Path):
        with open_image(found) as archive:
            inspected = inspect_archive(archive)
            checked = check(archive, inspected) if arguments.check else None
    elif arguments.check:
        raise ImageError(
            f"{found}: --check reads archives and folders",
            advice="the manifests of a pushed image are always checked; `verify` pulls the rest",
        )
    else:
        from hatch_multiarch.inspect.registry import inspect_reference  # noqa: PLC0415

        inspected, checked = inspect_reference(found, os.environ), None
    if arguments.json:
        print(json.dumps(show.as_data(inspected), indent=2))
        return 0
    put(show.as_text(inspected, columns()))
    if checked is not None:
        print(f"\n{checked} blobs read, each is what its digest says")
    return 0
