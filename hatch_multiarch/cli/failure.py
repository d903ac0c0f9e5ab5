"""Prints an error of a command, as JSON or for people."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from hatch_multiarch.report.console import Console

if TYPE_CHECKING:
    from hatch_multiarch.errors import MultiarchError
    from hatch_multiarch.pipeline.check import Problem

KEY = re.compile(
    r"(?:[^\s:]+: )?((?:tool\.(?:multiarch|hatch)|hatch\.toml: build|build-system)"
    r"(?:\.[\w-]+|\.\"[^\"]*\"|\[\d+\])*"
    r"|HATCH_MULTIARCH_\w+|SOURCE_DATE_EPOCH): "
)
"""What messages about a key or a variable begin with, in a workspace after the package's path."""


def as_data(error: MultiarchError | Problem) -> dict[str, Any]:
    """Return *error* as JSON-ready data; ``key`` is there when one of the config is at fault."""
    found = KEY.match(error.message)
    key = {"key": found[1]} if found else {}
    return {
        "message": error.message,
        "advice": error.advice,
        **key,
        "exit_code": error.exit_code,
    }


def say(error: MultiarchError, *, as_json: bool) -> int:
    """Print *error*, as JSON on standard output or for people on the other; return its code."""
    if as_json:
        print(json.dumps({"error": as_data(error)}, indent=2), flush=True)
    else:
        Console().error(error)
    return error.exit_code
