"""What the arguments of several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def add_folder(parser: Any) -> None:
    """Add the folder of the project, which is the current one by default."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(),
        help="the project folder (default: the current one)",
    )


def add_folders(parser: Any) -> None:
    """Add the folder of the project, or those of several that are built together."""
    parser.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        type=Path,
        help="the project folder (default: the current one), or several",
    )
    parser.add_argument(
        "--workspace", action="store_true", help="the packages of the uv workspace in the folder"
    )
    parser.set_defaults(refuse=parser.error)


def add_json(parser: Any, **more: Any) -> None:
    """Add ``--json``; *more* is for argparse."""
    parser.add_argument("--json", action="store_true", **{"help": "print JSON", **more})


def add_fewer_platforms(parser: Any) -> None:
    """Add the option by which tags in a registry may lose platforms."""
    parser.add_argument(
        "--fewer-platforms",
        action="store_true",
        help="allow tags in a registry to lose platforms that this image doesn't have",
    )
