"""Finds the files to verify, of a project or named ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hatchling.builders.wheel import WheelBuilder
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from hatch_multiarch.config import read_pyproject
from hatch_multiarch.errors import AuditError, MultiarchError, NoConfigError
from hatch_multiarch.inspect.find import built as image_of
from hatch_multiarch.project import read_project
from hatch_multiarch.report.file_names import is_of, is_wheel, sdists
from hatch_multiarch.verify.report_check import Shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.config import Config

ADVICE = "run `hatch build`, or name a folder of wheels"


@dataclass(frozen=True)
class Dist:
    """The files to verify."""

    wheels: tuple[Path, ...]
    sdist: Path | None = None
    root: Path | None = None
    """The project they are of; None when there is no pyproject.toml near them."""
    config: Config | None = None
    shipped: Shipped | None = None
    """What the report says; None when there is none."""
    images: tuple[Path, ...] = ()
    """The image in files and folders, where that is asked for too; the first is run."""
    folder: Path | None = None
    """Where all wheels of the build have to be; None where some were named."""
    whole: bool = False
    """Image and report belong to it too."""
    stem: str = ""
    """``NAME-VERSION`` of the project as it is now; empty without one."""


def find_dist(sources: Sequence[str]) -> Dist | None:
    """Return the wheels that *sources* mean; None when it is an image.

    They are files, a folder that holds some, or a project, whose image belongs to it. Raises
    AuditError when there is none, ConfigError and PlanError of a project.
    """
    paths = [Path(each) for each in sources]
    if all(each.endswith(".whl") for each in sources):
        for path in paths:
            if not path.is_file():
                raise AuditError(f"{path}: no such file")
        return _near(tuple(paths), paths[0].resolve().parent)
    if len(paths) != 1:
        return None
    [folder] = paths
    if (folder / "pyproject.toml").is_file():
        return _project(folder)
    wheels = tuple(sorted(folder.glob("*.whl"))) if folder.is_dir() else ()
    return replace(_near(wheels, folder.resolve()), folder=folder) if wheels else None


def _project(root: Path) -> Dist:
    project, config = read_project(root.resolve())
    builder = WheelBuilder(str(root.resolve()))
    dist = root / builder.config.directory
    wanted = (canonicalize_name(project.name), Version(project.version))
    mine = tuple(each for each in sorted(dist.glob("*.whl")) if _named(each) == wanted)
    if not mine:
        raise AuditError(f"{dist}: no wheel of {project.name} {project.version}", advice=ADVICE)
    stem = _stem(mine[0])
    found = _with_report(mine, root, config, stem)
    # The report knows best: HATCH_MULTIARCH_IMAGE=1 makes one of which the config tells nothing.
    images: tuple[Path, ...] = ()
    if found.shipped is not None:
        first = found.shipped.archive
        here = [each for each in found.shipped.outputs if each.exists() and each != first]
        images = (*([first] if first else []), *here)
    elif config.image is not None and _has_image(root / config.output):
        images = (image_of(root),)
    return replace(found, images=images, folder=dist, whole=True, stem=stem)


def _named(wheel: Path) -> tuple[str, Version] | None:
    try:
        return parse_wheel_filename(wheel.name)[:2]
    except InvalidWheelFilename:
        return None


def _has_image(folder: Path) -> bool:
    return any(folder.glob("*.oci*")) or any(folder.glob("*.docker.tar"))


def _near(wheels: tuple[Path, ...], folder: Path) -> Dist:
    """Return *wheels* with the project in whose *folder* they are, if any is of it."""
    for root in (folder, folder.parent):
        if not (root / "pyproject.toml").is_file():
            continue
        try:
            config, document = read_pyproject(root / "pyproject.toml")
        except NoConfigError:
            return Dist(wheels)
        project = document.get("project")
        name = str(project.get("name")) if isinstance(project, dict) else ""
        mine = [each for each in wheels if is_of(each.name, name)]
        if mine:
            now = _now(mine[0], root)
            current = any(is_wheel(each.name, now) for each in mine)
            stem = now if current else _stem(mine[0])
            return replace(_with_report(wheels, root, config, stem), stem=now)
        break
    return Dist(wheels)


def _now(wheel: Path, root: Path) -> str:
    """Return ``NAME-VERSION`` as the project in *root* is now; the version may need a plugin."""
    try:
        project, _ = read_project(root)
    except MultiarchError:
        return ""
    return f"{wheel.name.partition('-')[0]}-{project.version}"


def _stem(wheel: Path) -> str:
    """Return ``NAME-VERSION`` of a wheel."""
    return "-".join(wheel.name.split("-")[:2])


def _with_report(wheels: tuple[Path, ...], root: Path, config: Config, stem: str) -> Dist:
    path = root / config.output / f"{stem}.json"
    shipped = Shipped(root, path, config) if path.is_file() else None
    sdist = next(iter(sdists(wheels[0].parent, stem)), None)
    return Dist(wheels, sdist, root, config, shipped)
