"""Hatch's own keys: in pyproject.toml below ``tool.hatch``, or in hatch.toml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.toml_document import parse_toml
from hatch_multiarch.errors import ConfigError

if TYPE_CHECKING:
    from hatchling.builders.config import BuilderConfig

FILE = "hatch.toml"


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
