"""The base of each platform, and the wheels of dependencies where it has Python.

Everything here can fail, and does so before the project's own wheels are made.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base import SCRATCH, Filesystem, find_python, read_files
from hatch_multiarch.image.base.python import look, search_path, wanted
from hatch_multiarch.image.image_config import BaseConfig
from hatch_multiarch.image.package import Target, resolve, wheels_of
from hatch_multiarch.image.package.lock_file import read_lock, those_for
from hatch_multiarch.image.package.virtual_environment import Environment
from hatch_multiarch.process import Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.config import Image
    from hatch_multiarch.image.base import Base, BaseImage, BasePython
    from hatch_multiarch.image.package import Wheel
    from hatch_multiarch.image.package.lock_file import Pin
    from hatch_multiarch.plan import Project, Unit
    from hatch_multiarch.platforms import Platform

_LAST = 99
"""More than any minor version of Python has releases."""


@dataclass(frozen=True)
class ResolvedBase:
    """The base of one platform's image."""

    platform: Platform
    units: tuple[Unit, ...]
    """The helpers in the image."""
    image: BaseImage
    files: Filesystem
    """Of the base."""
    python: BasePython | None
    wheels: tuple[Wheel, ...] = ()
    """Of the dependencies."""
    searched: tuple[str, ...] = ()
    """The folders in which Python was looked for."""

    @property
    def empty(self) -> bool:
        """Whether it has no layers, as ``scratch`` has none."""
        return not self.image.layers


def resolve_base(
    base: Base,
    platform: Platform,
    units: tuple[Unit, ...],
    work: Path,
    cache: BuildCache,
    *,
    package: bool = True,
) -> ResolvedBase:
    """Return what *base* has for *platform*; files that are looked into are kept in *work*.

    A base that was read before is in *cache*. Python is looked for where the *package* is to be
    installed. Raises ImageError.
    """
    image = base.resolve(platform)
    folders = search_path(BaseConfig(image, base.source).path)
    if not image.layers:
        return ResolvedBase(platform, units, image, Filesystem(), None, searched=folders)
    inputs = ([each.digest for each in image.layers], image.diff_ids, folders)
    told = cache.recall("files of base", *inputs)
    if told is not None:
        files = Filesystem.load(told)
    else:
        kept = Path(tempfile.mkdtemp(prefix="base-", dir=work))
        files = read_files(base, image, wanted(folders), kept)
        look(files, folders, base, image, kept)
        cache.note(files.dump(), "files of base", *inputs)
    python = find_python(files, folders, platform, base.source) if package else None
    return ResolvedBase(platform, units, image, files, python, searched=folders)


def with_wheels(
    bases: Sequence[ResolvedBase],
    image: Image,
    project: Project,
    requirements: Sequence[str],
    *,
    wheels: Sequence[str],
    work: Path,
    cache: BuildCache,
) -> list[ResolvedBase]:
    """Return *bases* with the wheels of the project's *requirements* where a base has Python.

    *wheels* are the platforms for which the project has a wheel itself. Raises ImageError, and
    ToolchainError when pip or uv is missing.
    """
    without = [each.platform.name for each in bases if each.python is None]
    if without:
        _check_without(image, project, requirements, bases)
        return list(bases)
    targets = [_target(each, image, project, wheels) for each in bases]
    pins = _pins(image, project, requirements, targets, work)

    def fetched(numbered: tuple[int, Target]) -> tuple[Wheel, ...]:
        number, target = numbered
        folder = work / f"wheels-{number}"
        return wheels_of(pins[number], target, cache, root=project.root, folder=folder, group=group)

    group = Group()
    with ThreadPoolExecutor(4) as pool:
        try:
            found = list(pool.map(fetched, enumerate(targets)))
        except BaseException:  # also Ctrl-C: the pool would wait for every download
            group.stop()
            raise
    return [replace(each, wheels=mine) for each, mine in zip(bases, found, strict=True)]


def _check_without(
    image: Image, project: Project, requirements: Sequence[str], bases: Sequence[ResolvedBase]
) -> None:
    """Refuse bases of which some or all are without Python, where the project needs one.

    Otherwise the image would be without what the project runs and depends on, and such keys would
    have no effect.
    """
    without = [each for each in bases if each.python is None]
    if image.base == SCRATCH or not image.package:
        return
    folders = ", ".join(dict.fromkeys(folder for each in without for folder in each.searched))
    lacks = (
        f"tool.multiarch.image.base: {image.base} has no Python in {folders} on "
        f"{', '.join(each.platform.name for each in without)}"
    )
    advice = (
        "use a base with Python, add its folder to the base's PATH, or set "
        "tool.multiarch.image.package = false for an image of the base and the helpers alone"
    )
    if len(without) < len(bases):
        raise ImageError(f"{lacks}, and has one on other platforms", advice=advice)
    needs = [
        f"tool.multiarch.image.{key} is set"
        for key in ("extras", "requirements", "bytecode")
        if getattr(image, key)
    ]
    tables = [project.metadata.get(key) for key in ("scripts", "gui-scripts")]
    scripts = [name for table in tables if isinstance(table, dict) for name in table]
    if scripts:
        needs.append(f"the project has scripts ({', '.join(scripts)})")
    if requirements:
        needs.append(f"the project has dependencies ({', '.join(requirements)})")
    if needs:
        raise ImageError(f"{lacks}; {' and '.join(needs)}", advice=advice)


def _target(base: ResolvedBase, image: Image, project: Project, wheels: Sequence[str]) -> Target:
    """Return the target of *base*. Raises ImageError when the project cannot be on it."""
    name, python = base.platform.name, base.python
    if python is None or name not in wheels:
        raise ImageError(
            f"tool.multiarch.image.base: {name} has no wheel tag, so the package can't be "
            "installed there; remove it, or use a base without Python"
        )
    Environment(project.name, python, bytecode=image.bytecode)
    target = Target(base.platform, python)
    needs = SpecifierSet(str(project.metadata.get("requires-python", "")))
    if not any(needs.contains(f"{target.version}.{patch}") for patch in (0, _LAST)):
        raise ImageError(
            f"tool.multiarch.image.base: {image.base} has Python {target.version} on {name}, and "
            f"project.requires-python is {needs}"
        )
    return target


def _pins(
    image: Image,
    project: Project,
    requirements: Sequence[str],
    targets: Sequence[Target],
    work: Path,
) -> list[tuple[Pin, ...]]:
    """Return the exact versions for each of *targets*: of the project's file, or resolved."""
    if not image.requirements:
        return resolve(requirements, targets, root=project.root, folder=work)
    where = f"tool.multiarch.image.requirements: {image.requirements}"
    try:
        text = (project.root / image.requirements).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ImageError(f"{where}: {error}") from None
    pins = read_lock(text, where)
    return [those_for(pins, target.markers) for target in targets]


def found_pythons(image: Image, bases: Sequence[ResolvedBase]) -> list[str]:
    """Return a line for each Python that the base of *image* has, with its platforms."""
    by_python: dict[str, list[str]] = {}
    for each in bases:
        found = "the image consists of base and helpers"
        if image.package:
            found = f"no Python in {', '.join(each.searched)}, so that {found}"
        if each.python is not None:
            python, libc = each.python, each.python.libc
            found = f"{python.name} with {libc.kind} {libc.version[0]}.{libc.version[1]}"
        by_python.setdefault(found, []).append(each.platform.name)
    return [f"{image.base}: {found} ({', '.join(each)})" for found, each in by_python.items()]
