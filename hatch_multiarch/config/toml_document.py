"""TOML that a person wrote, with one error for all that can be wrong with it; hatch.toml.

Hatch's own keys are in pyproject.toml below ``tool.hatch``, or in hatch.toml: messages name them by
the file that has them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.messages import printable
from hatch_multiarch.errors import ConfigError

if TYPE_CHECKING:
    from hatchling.builders.config import BuilderConfig

FILE = "hatch.toml"


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


def read_hatch_file(root: Path) -> dict[str, Any]:
    """Return what hatch.toml in the folder *root* says; empty without one. Raises ConfigError.

    Hatch takes each table of it, such as ``build``, instead of pyproject.toml's.
    """
    path = root / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    return parse_toml(data, str(path))


def hatch_key(root: Path, path: str) -> str:
    """Return how messages name Hatch's key *path* (``build.targets``): by the file that has it."""
    own = path.partition(".")[0] in read_hatch_file(root)
    return f"{FILE}: {path}" if own else f"tool.hatch.{path}"


def hook_key(config: BuilderConfig, name: str) -> str:
    """Return the same of the table of the build hook *name*; *config* is a target's."""
    mine = name in config.target_config.get("hooks", {})
    above = f"build.targets.{config.plugin_name}" if mine else "build"
    return hatch_key(Path(config.root), f"{above}.hooks.{name}")


def hatch_table(root: Path, path: str) -> str:
    """Return how advice names the table *path* that is to be written."""
    own = path.partition(".")[0] in read_hatch_file(root)
    return f"[{path}] in {FILE}" if own else f"[tool.hatch.{path}]"
