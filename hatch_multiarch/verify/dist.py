"""Finds the files to verify, of a project or named ones, and verifies each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hatchling.builders.wheel import WheelBuilder
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from hatch_multiarch.errors import AuditError, EngineError, NoConfigError
from hatch_multiarch.inspect.find import built as image_of
from hatch_multiarch.pipeline.journal import check_sets
from hatch_multiarch.platforms import match
from hatch_multiarch.project import read_project
from hatch_multiarch.verify.outcome import Check, Verified
from hatch_multiarch.verify.rebuild import ENDS, build_again
from hatch_multiarch.verify.report_check import Shipped, check_image
from hatch_multiarch.verify.run_platforms import verify
from hatch_multiarch.verify.wheel import verify_wheel
from hatch_multiarch.verify.wheel_reader import platform_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hatch_multiarch.config import Config
    from hatch_multiarch.verify.outcome import Ran, Run

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
    image: Path | None = None
    """The image in a file or folder, where that is asked for too."""


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
    return _near(wheels, folder.resolve()) if wheels else None


def _project(root: Path) -> Dist:
    project, config = read_project(root.resolve())
    dist = root / _folder(root)
    wanted = (canonicalize_name(project.name), Version(project.version))
    mine = tuple(each for each in sorted(dist.glob("*.whl")) if _named(each) == wanted)
    if not mine:
        raise AuditError(f"{dist}: no wheel of {project.name} {project.version}", advice=ADVICE)
    found = _with_report(mine, root, config)
    image = None
    # The report knows best: HATCH_MULTIARCH_IMAGE=1 makes one of which the config tells nothing.
    made = config.image if found.shipped is None else found.shipped.image
    if made is not None:
        image = found.shipped.archive if found.shipped is not None else None
        image = image or (image_of(root) if _has_image(root / config.output) else None)
    return replace(found, image=image)


def _named(wheel: Path) -> tuple[str, Version] | None:
    try:
        return parse_wheel_filename(wheel.name)[:2]
    except InvalidWheelFilename:
        return None


def _has_image(folder: Path) -> bool:
    return any(folder.glob("*.oci*")) or any(folder.glob("*.docker.tar"))


def _folder(root: Path) -> str:
    """Return the folder that hatchling writes wheels to."""
    return str(WheelBuilder(str(root.resolve())).config.directory)


def _near(wheels: tuple[Path, ...], folder: Path) -> Dist:
    """Return *wheels* with the project in whose *folder* they are, if it is theirs."""
    for root in (folder, folder.parent):
        if not (root / "pyproject.toml").is_file():
            continue
        try:
            project, config = read_project(root)
        except NoConfigError:
            return Dist(wheels)
        names = {canonicalize_name(each.name.partition("-")[0]) for each in wheels}
        if names == {canonicalize_name(project.name)}:
            return _with_report(wheels, root, config)
        break
    return Dist(wheels)


def _with_report(wheels: tuple[Path, ...], root: Path, config: Config) -> Dist:
    stem = "-".join(wheels[0].name.split("-")[:2])
    path = root / config.output / f"{stem}.json"
    shipped = Shipped(root, path) if path.is_file() else None
    sdist = wheels[0].parent / f"{stem}.tar.gz"
    return Dist(wheels, sdist if sdist.is_file() else None, root, config, shipped)


def verify_dist(
    dist: Dist, run: Run, environ: Mapping[str, str], on_done: Callable[[Verified], None]
) -> tuple[Verified, ...]:
    """Verify each wheel of *dist*, then its image, and tell *on_done* of each in turn.

    What fails is no error here. Raises AuditError when no wheel is for the platforms of *run*, and
    when a killed build has left files of two builds.
    """
    check_sets(dist.wheels)
    done = []
    for each in _each(dist, run, environ):
        on_done(each)
        done.append(each)
    if not done:
        raise AuditError(f"no wheel matches {', '.join(run.platforms)}")
    return tuple(done)


def _each(dist: Dist, run: Run, environ: Mapping[str, str]) -> Iterator[Verified]:
    for path in dist.wheels:
        if run.platforms != ("*",) and not _wanted(path, run.platforms):
            continue
        yield verify_wheel(path, dist.config, dist.shipped, environ, timeout=run.timeout)
    if dist.image is not None:
        told = dist.shipped.image if dist.shipped is not None else None
        checks = check_image(dist.image, told)
        if all(each.outcome == "ok" for each in checks):
            checks = (*checks, *_run(dist, dist.image, run, environ))
        yield Verified(dist.image.name, "", checks)


def _wanted(path: Path, globs: tuple[str, ...]) -> bool:
    try:
        platform = platform_of(parse_wheel_filename(path.name)[3])
    except InvalidWheelFilename:
        return True  # it is shown as what it is
    return platform is not None and match(platform.name, globs)


def _run(dist: Dist, image: Path, run: Run, environ: Mapping[str, str]) -> Iterator[Check]:
    """Run each platform of the image, where docker is at hand."""
    words = run.command or _smoke(dist.config)
    try:
        for each in verify(str(image), replace(run, command=words), environ, lambda _: None):
            yield _check(each)
    except EngineError as error:
        if run.command:
            raise
        yield Check("run", "not run here", error.message)


def _smoke(config: Config | None) -> tuple[str, ...]:
    """Return the arguments of the helper that is the image's whole entrypoint."""
    if config is None or config.image is None:
        return ()
    entrypoint = config.image.entrypoint
    if not entrypoint and config.image.base == "scratch":
        names = config.image.helpers or tuple(each.name for each in config.helpers)
        entrypoint = names if len(names) == 1 else ()
    if len(entrypoint) != 1:
        return ()
    known = {each.name: each.smoke for each in config.helpers}
    return known.get(entrypoint[0]) or ()


def _check(ran: Ran) -> Check:
    parts = [f"exit code {ran.code}"] if ran.code is not None else []
    parts += [ran.problem or next(iter(ran.said), "")]
    said = ": ".join([ran.platform, *filter(None, parts)])
    if ran.outcome == "cannot-run":
        return Check("run", "not run here", said)
    return Check("run", "ok" if ran.outcome == "ok" else "failed", said)


def verify_again(dist: Dist, environ: Mapping[str, str]) -> Verified:
    """Build the project of *dist* again and compare. Raises AuditError when there is no project."""
    if dist.root is None or dist.config is None:
        raise AuditError(
            "--rebuild needs the project: there is no pyproject.toml beside these wheels",
            advice="run it in the project, or on its dist folder",
        )
    files = [*dist.wheels, *([dist.sdist] if dist.sdist else [])]
    if dist.shipped is not None:
        files += [
            each for each in dist.shipped.outputs if each.name.endswith(ENDS) and each.exists()
        ]
    return build_again(dist.root, dist.config, dist.shipped, files, environ)
