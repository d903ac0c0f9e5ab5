"""Values of arguments that argparse does not know, as its ``type=`` takes them.

Each function raises argparse.ArgumentTypeError for a wrong one. What knows them is imported when
one is read: ``--help`` reads none.
"""

from __future__ import annotations

import argparse
from typing import Any

from hatch_multiarch.errors import MultiarchError

DAY = 86400


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
