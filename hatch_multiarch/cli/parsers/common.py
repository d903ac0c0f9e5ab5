"""What the arguments of several commands share, and types of values, as ``type=`` takes them.

A type raises argparse.ArgumentTypeError for a wrong value. What knows it is imported when one is
read: ``--help`` reads none.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hatch_multiarch.errors import MultiarchError

DAY = 86400


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


def seconds(text: str) -> float:
    """Return seconds, more than 0 and at most a day."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= DAY:
        raise argparse.ArgumentTypeError(f"expected seconds, at most {DAY}, found {text!r}")
    return value


def linux_platform(text: str) -> str:
    """Return the name of a Linux platform."""
    from hatch_multiarch.platforms import lookup  # noqa: PLC0415 - --help needs no platform

    found = lookup(text)
    if found is None or found.os != "linux":
        raise argparse.ArgumentTypeError(f"expected a Linux platform, found {text!r}")
    return found.name


def image_name(text: str) -> str:
    """Return the name of an image, as docker takes it."""
    from hatch_multiarch.config.rules import RULES  # noqa: PLC0415 - --help needs no config

    try:
        return str(RULES["image_reference"](text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def reference(text: str) -> Any:
    """Return the Reference of an image in a registry."""
    from hatch_multiarch.registry import parse  # noqa: PLC0415 - --help needs no http

    try:
        return parse(text)
    except MultiarchError as error:
        raise argparse.ArgumentTypeError(error.message) from None
