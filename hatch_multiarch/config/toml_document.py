"""Parses TOML that a person wrote, with one error for all that can be wrong with it."""

from __future__ import annotations

import sys
from typing import Any

from hatch_multiarch.config.messages import printable
from hatch_multiarch.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEEPEST = 100
"""Levels of tables and arrays. Python compares and copies what is nested by recursion: what is
nested a thousand times would end in a traceback later, in code that is not ours too."""


def parse_toml(data: bytes | str, file: str) -> dict[str, Any]:
    """Return what is in the TOML *data*, of *file*, which errors name. Raises ConfigError."""
    file = printable(file)
    try:
        document = tomllib.loads(data if isinstance(data, str) else data.decode("utf-8"))
        deep = _is_deep(document)
    except RecursionError:
        deep = True
    except ValueError as error:  # not UTF-8, not TOML, or an integer of thousands of digits
        raise ConfigError([f"{file}: not valid TOML: {printable(str(error))}"]) from None
    if deep:
        raise ConfigError([f"{file}: its arrays or tables are nested too deeply"])
    return document


def _is_deep(document: dict[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for some in inner for each in some if isinstance(each, dict | list)]
        if not level:
            return False
    return True
