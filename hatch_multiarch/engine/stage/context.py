"""The build context: the helpers' Go modules, and the folders that they replace.

A copy aside, so that BuildKit is sent what Go reads and nothing else of the project.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.engine.stage.stamp import stamp
from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hatch_multiarch.plan import Unit

_REPLACED = re.compile(
    r"""=>[ \t]*["`]?((?:\.{1,2}|[A-Za-z]:)?[\\/][^\s"`]*|\.{1,2})["`]?[ \t]*(?://.*)?\r?$""",
    re.MULTILINE,
)
"""A ``replace`` by a folder, whose path begins with ``./``, ``../`` or ``/`` (Go Modules)."""

_LEFT_OUT = (".git", ".hg", "__pycache__", ".venv", "node_modules")


def module_folders(units: Sequence[Unit]) -> dict[str, str]:
    """Return for each helper the path of its module below the folder that holds all it needs."""
    return {
        name: source.relative_to(root).as_posix() for name, (source, root, _) in _closures(units)
    }


def write_context(units: Sequence[Unit], folder: Path) -> None:
    """Copy what compiling *units* needs into *folder*, a sub-folder by helper.

    Raises PlanError for a ``replace`` by an absolute path, which is not in the stage.
    """
    for name, (_, root, folders) in _closures(units):
        for each in folders:
            _copy(each, folder / name / each.relative_to(root), root)
    stamp(folder)


def _closures(units: Iterable[Unit]) -> list[tuple[str, tuple[Path, Path, list[Path]]]]:
    sources = {unit.helper.name: unit.source for unit in units if unit.compiler != "prebuilt"}
    closures = []
    for name, source in sources.items():
        folders = _closure(name, source.resolve())
        root = Path(os.path.commonpath(folders))
        closures.append((name, (source.resolve(), root, folders)))
    return closures


def _closure(name: str, source: Path) -> list[Path]:
    """Return *source* and the folders that its go.mod, and theirs, replace modules by."""
    found, left = [], [source]
    while left:
        folder = left.pop()
        if folder in found or not (folder / "go.mod").is_file():
            continue
        found.append(folder)
        text = (folder / "go.mod").read_text("utf-8", errors="replace")
        for path in _REPLACED.findall(text):
            if Path(path).is_absolute():
                raise PlanError(
                    f"tool.multiarch.helpers.{name}.source: {folder.name}/go.mod replaces a module "
                    f"by {path}, which the builder stage does not have",
                    advice="write the path relative to the module, or vendor it (`go mod vendor`)",
                )
            # Only the main module's replacements count, but Go reads the go.mod of each.
            left.append((folder / path).resolve())
    return found


def _copy(source: Path, target: Path, root: Path) -> None:
    """Copy a module's folder; a link that leads out of what is copied becomes the file it names."""

    def ignore(folder: str, names: list[str]) -> list[str]:
        out = [name for name in names if name in _LEFT_OUT]
        for name in names:
            path = Path(folder, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                out.append(name)
                if path.is_file():
                    copy = target / path.relative_to(source)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, copy)
        return out

    shutil.copytree(source, target, symlinks=True, ignore=ignore, dirs_exist_ok=True)
