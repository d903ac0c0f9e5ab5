"""Finds what a command means: the image or the report that a project built, or a path to one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError, ReportError

if TYPE_CHECKING:
    from hatch_multiarch.config import Config
    from hatch_multiarch.errors import MultiarchError
    from hatch_multiarch.plan import Project

IMAGE_ENDS = (".tar", ".tgz", ".gz", ".oci")


def find_image(source: str) -> Path | str:
    """Return the archive or folder that *source* names, or else *source*, a reference.

    What exists is a path, and so is what can be nothing else; a folder with a ``pyproject.toml``
    is a project and stands for its image. Raises ImageError when there is none.
    """
    path = Path(source)
    if (path / "pyproject.toml").is_file():
        return built_image(path)
    if path.exists():
        return path
    if source.startswith((".", "/", "~")) or source.endswith(IMAGE_ENDS) or "\\" in source:
        raise ImageError(f"{source}: no such file or folder")
    return source


def built_image(root: Path) -> Path:
    """Return the image in the output folder of the project *root*.

    Of several the one of the project's version is meant. Raises ImageError, and ConfigError or
    PlanError as read_project does.
    """
    project, config = _read(root)
    folder = root / config.output
    # An archive and a layout of one build hold the same image, and one for docker a part of it.
    kinds = (sorted(folder.glob(f"*{end}")) for end in (".oci.tar", ".oci", ".docker.tar"))
    found = next(filter(None, kinds), [])
    ends = (f"-{project.version}.oci", f"-{project.version}.docker")
    chosen = [path for path in found if path.name.removesuffix(".tar").endswith(ends)] or found
    none = ImageError(
        f"{folder}: the project has built no image there",
        advice="run `hatch build`, with a table [tool.multiarch.image], or name an image",
    )
    return _one(chosen, none, f"{folder}: several images", "name the one you mean")


def find_report(source: Path) -> Path:
    """Return the report that *source* names: itself, or what the project in that folder built.

    Of several the one of the project's version is meant. Raises ReportError when there is none,
    and ConfigError or PlanError as read_project does.
    """
    if not source.is_dir():
        return source
    if not (source / "pyproject.toml").is_file():
        raise ReportError(
            f"{source}: neither a project nor a report",
            advice="pass a folder with a pyproject.toml, or the JSON file that a build wrote",
        )
    project, config = _read(source)
    folder = source / config.output
    found = sorted(folder.glob("*.json"))
    chosen = [each for each in found if each.stem.endswith(f"-{project.version}")] or found
    none = ReportError(
        f"{folder}: there is no report of this project",
        advice="run `hatch build`, or pass the JSON file of a build",
    )
    return _one(chosen, none, f"{folder}: several reports", "pass the path of one")


def _one(chosen: list[Path], none: MultiarchError, several: str, advice: str) -> Path:
    """Return the only path of *chosen*. Raises *none*, or its kind of error for *several*."""
    if not chosen:
        raise none
    if len(chosen) > 1:
        raise type(none)(f"{several}: {', '.join(each.name for each in chosen)}", advice=advice)
    return chosen[0]


def _read(root: Path) -> tuple[Project, Config]:
    from hatch_multiarch.project import read_project  # noqa: PLC0415 - hatchling, for a project only

    return read_project(root.resolve())
