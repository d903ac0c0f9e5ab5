"""Which files in a folder are of one project and version, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from pathlib import Path

    NameVersion = tuple[str, Version]

SDIST = ".tar.gz"
ENDS = (SDIST, ".zip")
"""How the names of sdists end."""


def name_version(stem: str) -> NameVersion | None:
    """Return name and version, normalised, of hatchling's ``NAME-VERSION``."""
    name, _, version = stem.partition("-")
    try:
        return canonicalize_name(name), Version(version)
    except InvalidVersion:
        return None


def is_of(file: str, project: str) -> bool:
    """Tell whether a wheel is called as one of *project*, of whatever version."""
    return canonicalize_name(file.partition("-")[0]) == canonicalize_name(project)


def is_wheel(file: str, stem: str) -> bool:
    """Tell whether a wheel is called as one of ``STEM``, with whatever tags."""
    try:
        return name_version(stem) == parse_wheel_filename(file)[:2]
    except InvalidWheelFilename:
        return file.startswith(f"{stem}-")


def is_sdist(file: str, stem: str) -> bool:
    """Tell whether an sdist is called as one of ``STEM``, in whatever spelling."""
    try:
        return name_version(stem) == parse_sdist_filename(file)
    except InvalidSdistFilename:
        return False


def sdists(folder: Path, stem: str) -> list[Path]:
    """Return the sdists of ``STEM`` in *folder*: that in hatchling's own spelling first."""
    paths = [each for end in ENDS for each in folder.glob(f"*{end}") if is_sdist(each.name, stem)]
    return sorted(paths, key=lambda each: (each.name != f"{stem}{SDIST}", each.name))
