"""Go workspaces: which go.work a helper is compiled with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.plan.mod_file import ModFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.config import Helper

NAME = "go.work"


def find_workspace(
    root: Path, helper: Helper, environment: str, problems: list[str], notes: list[str]
) -> Path | None:
    """Return the go.work that *helper*, of the project in *root*, is compiled with.

    *environment* is GOWORK, which goes before the config. By itself a build takes one of the
    project's only, and only where all that it uses can be in the sdist. What the config has wrong
    is added to *problems*.
    """
    source = root / helper.source
    key = f"tool.multiarch.helpers.{helper.name}.workspace"
    if environment == "auto":
        return next(_above(source), None)
    if environment:
        return None if environment == "off" else Path(environment)
    if helper.workspace == "off":
        return None
    if helper.workspace != "auto":
        named = root / helper.workspace
        if not named.is_file():
            problems.append(f"{key}: there is no file {helper.workspace}")
        elif not _lists(named, source):
            says = f"{helper.workspace} does not use {helper.source}"
            problems.append(f"{key}: {says}; add it with `go work use`")
        return named
    # In a workspace Go passes over a module's own vendor folder.
    path = None if _has_vendor(source) else workspace_above(source, root)
    outside = _outside(path, root) if path else ""
    if path and outside:
        file = path.relative_to(root).as_posix()
        notes.append(
            f"{helper.name}: {file} is not used, because {outside} in it is outside the project; "
            f'to use it set {key} = "{file}"'
        )
        return None
    return path


def workspace_above(source: Path, root: Path | None = None) -> Path | None:
    """Return the nearest go.work, from *source* up to *root*, that uses the module in *source*."""
    return next((path for path in _above(source, root) if _lists(path, source)), None)


def _lists(work: Path, source: Path) -> bool:
    """Tell whether the workspace *work* uses the module in the folder *source*."""
    try:
        used = ModFile.read(work).used
    except OSError:
        return False
    return source.resolve() in [each.resolve() for each in used]


def _has_vendor(source: Path) -> bool:
    """Tell whether `go mod vendor` has been run in *source*; `go work vendor` makes another one."""
    try:
        text = (source / "vendor/modules.txt").read_text("utf-8", errors="replace")
    except OSError:
        return False
    return not text.startswith("## workspace")


def _outside(work: Path, root: Path) -> str:
    """Return the first folder that *work* uses and that is not in *root*; empty if all are."""
    for written in ModFile.read(work).uses:
        if not (work.parent / written).resolve().is_relative_to(root.resolve()):
            return written
    return ""


def _above(source: Path, root: Path | None = None) -> Iterator[Path]:
    """Yield each go.work at or above *source*, the nearest first, up to *root*."""
    for folder in (source, *source.parents):
        if (folder / NAME).is_file():
            yield folder / NAME
        if folder == root:
            return
