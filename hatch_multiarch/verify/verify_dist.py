"""Verifies the files of a project, or named ones: each by itself, then all of them together.

An sdist is read here: whether it can be unpacked, and whose it is.
"""

from __future__ import annotations

import gzip
import posixpath
import tarfile
from dataclasses import replace
from email.parser import BytesParser
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from hatch_multiarch.errors import AuditError, EngineError
from hatch_multiarch.oci.tar_store import UNREADABLE
from hatch_multiarch.oci.tar_writer import CHUNK
from hatch_multiarch.pipeline.journal import check_sets
from hatch_multiarch.platforms import match
from hatch_multiarch.report.file_names import SDIST, is_of, is_sdist, is_wheel
from hatch_multiarch.verify.file_check import check_file, check_set
from hatch_multiarch.verify.image_check import check_image
from hatch_multiarch.verify.outcome import Check, Verified
from hatch_multiarch.verify.rebuild import ENDS, build_again
from hatch_multiarch.verify.run_platforms import verify
from hatch_multiarch.verify.wheel import verify_wheel
from hatch_multiarch.verify.wheel_reader import SMALL, platform_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.config import Config
    from hatch_multiarch.verify.dist import Dist
    from hatch_multiarch.verify.outcome import Ran, Run
    from hatch_multiarch.verify.report_check import Shipped


def verify_dist(
    dist: Dist, run: Run, environ: Mapping[str, str], on_done: Callable[[Verified], None]
) -> tuple[Verified, ...]:
    """Verify each wheel of *dist*, then its image, and tell *on_done* of each in turn.

    What fails is no error here. Raises AuditError when no wheel is for the platforms of *run*, and
    when a killed build has left files of two builds.
    """
    check_sets(dist.wheels)
    wheels = [each for each in dist.wheels if _wanted(each.name, run.platforms)]
    if not wheels and not dist.images and not dist.path:  # of a workspace others may have some
        raise AuditError(f"no wheel matches {', '.join(run.platforms)}")
    done = []
    for each in _each(dist, wheels, run, environ):
        on_done(each)
        done.append(each)
    return tuple(done)


def _each(
    dist: Dist, wheels: Sequence[Path], run: Run, environ: Mapping[str, str]
) -> Iterator[Verified]:
    for path in wheels:
        shipped = _of(dist, path)
        # Of a stranger's wheel, which may lie beside ours, nothing is started.
        config = dist.config if is_of(path.name, dist.stem.partition("-")[0]) else None
        current = is_wheel(path.name, dist.stem)
        yield verify_wheel(path, config, shipped, environ, timeout=run.timeout, current=current)
    if dist.sdist is not None and dist.folder is not None:
        yield verify_sdist(dist.sdist, dist.shipped)
    for path in dist.images:
        checks = [check_file(path, dist.shipped)]
        if path.name.endswith(ENDS):
            checks.append(check_image(path, dist.shipped))
            if path == dist.images[0] and not any(each.outcome == "failed" for each in checks):
                checks += _run(dist, path, run, environ)
        yield Verified(path.name, "", tuple(checks), "image")
    if dist.folder is not None:
        yield from _build(dist, dist.folder, run)


def _of(dist: Dist, wheel: Path) -> Shipped | None:
    """Return the report if it is of the version of *wheel*: a folder may hold several."""
    shipped = dist.shipped
    return shipped if shipped is not None and is_wheel(wheel.name, shipped.stem) else None


def _build(dist: Dist, folder: Path, run: Run) -> Iterator[Verified]:
    """Look at all files together."""
    if dist.shipped is not None:
        checks = check_set(
            dist.shipped,
            folder,
            lambda name: _wanted(name, run.platforms),
            outputs=dist.whole,
            others=dist.others,
        )
        yield Verified(dist.shipped.path.name, "", checks, "build")
    elif dist.whole and dist.config is not None and (dist.images or len(dist.wheels) > 1):
        # A front end that makes one wheel for this machine leaves no report; `hatch build` does.
        name = f"{dist.stem}.json"
        said = f"{dist.config.output}/{name}, the report of the build, is missing"
        yield Verified(name, "", (Check("files", "failed", said),), "build")


def _wanted(wheel: str, globs: tuple[str, ...]) -> bool:
    if globs == ("*",):
        return True
    try:
        platform = platform_of(parse_wheel_filename(wheel)[3])
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
            "--rebuild needs the project: there is no pyproject.toml next to these wheels",
            advice="run it in the project, or on its dist folder",
        )
    files = [*dist.wheels, *([dist.sdist] if dist.sdist else [])]
    if dist.shipped is not None:
        files += [
            each for each in dist.shipped.outputs if each.name.endswith(ENDS) and each.exists()
        ]
    return build_again(dist.root, dist.config, dist.shipped, files, environ)


def verify_sdist(path: Path, shipped: Shipped | None) -> Verified:
    """Return what is found about the sdist *path*; a check that fails is no error."""
    return Verified(path.name, "", (_archive(path), check_file(path, shipped)), "sdist")


def _archive(path: Path) -> Check:
    """Read it to its end; all of it has to be below ``NAME-VERSION``, PKG-INFO too."""
    stem, count, told = path.name.removesuffix(SDIST), 0, b""
    try:
        with gzip.open(path) as packed, tarfile.open(fileobj=packed, mode="r:") as tar:
            for each in tar:
                below = each.name == stem or each.name.startswith(f"{stem}/")
                if not below or posixpath.normpath(each.name) != each.name:
                    return Check("archive", "failed", f"{each.name} is not a path below {stem}")
                file = tar.extractfile(each) if each.isreg() else None
                if file is not None:
                    count += 1
                    if each.name == f"{stem}/PKG-INFO":
                        told = file.read(SMALL)
            while packed.read(CHUNK):
                pass  # at the end stands the checksum
    except UNREADABLE as error:
        return Check("archive", "failed", f"cannot be read: {error}")
    found = BytesParser().parsebytes(told)
    name, version = str(found.get("Name")), found.get("Version")
    if not is_sdist(f"{name.replace('-', '_')}-{version}{SDIST}", stem):
        what = f"is of {name} {version}" if told else "is missing"
        return Check("archive", "failed", f"PKG-INFO {what}")
    return Check("archive", "ok", f"{count} files")
