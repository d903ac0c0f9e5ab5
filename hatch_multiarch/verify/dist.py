"""Finds the files to verify, of a project or named ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hatchling.builders.wheel import WheelBuilder
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from hatch_multiarch.config import read_pyproject
from hatch_multiarch.config.members import FILE, has_workspace, read_workspace
from hatch_multiarch.config.toml_document import parse_toml
from hatch_multiarch.errors import AuditError, MultiarchError, NoConfigError, ReportError
from hatch_multiarch.pipeline.find_outputs import built_image as image_of
from hatch_multiarch.project import read_project
from hatch_multiarch.report.file_names import is_of, is_wheel, sdists
from hatch_multiarch.report.load import load_workspace
from hatch_multiarch.report.workspace_report import report_file
from hatch_multiarch.verify.report_check import Shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.config import Config
    from hatch_multiarch.report.workspace_report import PackageRecord

BUILD = "run `hatch-multiarch build --workspace`"
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
    path: str = ""
    """Of a package, relative to the workspace."""
    others: frozenset[str] = frozenset()
    """The wheels of the other packages of the workspace."""


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
        images = _images(found.shipped)
    elif config.image is not None and _has_image(root / config.output):
        images = (image_of(root),)
    return replace(found, images=images, folder=dist, whole=True, stem=stem)


def _images(shipped: Shipped) -> tuple[Path, ...]:
    """Return the outputs of the image that are there, the one that is run first."""
    first = shipped.archive
    here = [each for each in shipped.outputs if each.exists() and each != first]
    return (*([first] if first else []), *here)


def find_workspace(root: Path) -> list[Dist]:
    """Return what the last build of the workspace in *root* made, by package.

    Raises AuditError when it left no report, or one that does not match the workspace.
    """
    root = root.resolve()
    document = parse_toml((root / FILE).read_bytes(), FILE) if (root / FILE).is_file() else {}
    workspace = read_workspace(root) if has_workspace(document) else None
    path = report_file(root)
    try:
        report = load_workspace(path)
    except ReportError as error:
        raise AuditError(error.message, advice=BUILD) from None
    built = [each.path for each in report.packages]
    if workspace is not None and built != [each.path for each in workspace.members]:
        now = ", ".join(each.path for each in workspace.members)
        says = f"{path}: the packages are now {now}, and {', '.join(built)} were built"
        raise AuditError(says, advice=BUILD)
    every = frozenset(wheel.file for each in report.packages for wheel in each.report.wheels)
    return [_package(root, each, every) for each in report.packages]


def _package(root: Path, package: PackageRecord, every: frozenset[str]) -> Dist:
    told, folder, dist = package.report, root / package.path, root / "dist"
    if not folder.resolve().is_relative_to(root) or not (folder / FILE).is_file():
        raise AuditError(f"{package.path}: there is no package in this folder", advice=BUILD)
    config, _ = read_pyproject(folder / FILE)
    stem = _stem(Path(told.wheels[0].file)) if told.wheels else ""
    shipped = Shipped(folder, folder / config.output / f"{stem}.json", config, told)
    return Dist(
        wheels=tuple(sorted(each for each in dist.glob("*.whl") if is_wheel(each.name, stem))),
        sdist=next(iter(sdists(dist, stem)), None),
        root=folder,
        config=config,
        shipped=shipped,
        images=_images(shipped),
        folder=dist,
        whole=True,
        stem=stem,
        path=package.path,
        others=every,
    )


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
