"""Plans the layers on top of a base, by how often their files change.

From the bottom: pure dependencies, one blob for all platforms; dependencies with native code; the
helpers; what else is the platform's own in the package (WHEEL, SBOMs); the package, again one blob
for all; files of the project. So a changed line of Python changes one small layer.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.items import FOLDER, Item, Part, file_item, helper_path
from hatch_multiarch.image.package.target import Target
from hatch_multiarch.image.package.virtual_environment import Environment, check_installed
from hatch_multiarch.image.package.wheel_cache import Dependencies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.config import Image
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.image.package.virtual_environment import Installed
    from hatch_multiarch.image.resolved_base import ResolvedBase
    from hatch_multiarch.plan import Project
    from hatch_multiarch.sbom import Distribution
    from hatch_multiarch.wheel import BuiltWheel


@dataclass(frozen=True)
class LayerPlan:
    """What the image of one platform adds to its base."""

    layers: tuple[Part, ...]
    """Lowest first, none of them empty."""
    helpers: dict[str, str]
    """Helper -> where its file is, without a leading slash."""
    programs: dict[str, str]
    """Helper that is a program -> absolute path by which it is run."""
    scripts: dict[str, str]
    """Scripts of the project -> absolute path."""
    bin: str | None
    """Folder of the scripts, without a leading slash; None without Python."""
    installed: tuple[Distribution, ...] = ()
    """The project first, then its dependencies by name."""

    def with_links(self, *commands: Sequence[str]) -> list[Part]:
        """Return the layers, and links in ``/usr/local/bin`` to the helpers that *commands* run."""
        run = {words[0] for words in commands if words}
        links = tuple(
            Item(path.lstrip("/"), mode=0o777, target=f"/{self.helpers[name]}")
            for name, path in self.programs.items()
            if path in run and path.lstrip("/") != self.helpers[name]
        )
        return [*self.layers, Part(links)] if links else list(self.layers)


def plan_layers(
    project: Project,
    image: Image,
    bases: Sequence[ResolvedBase],
    wheels: Mapping[str, BuiltWheel],
    binaries: Mapping[str, Binary],
    folder: Path,
    cache: BuildCache,
) -> list[LayerPlan]:
    """Return what is added to each of *bases*; *folder* takes what is unpacked on the way.

    Dependencies that *cache* has are not unpacked. Raises ImageError when something cannot be
    installed or is not what was built.
    """
    extra = _extra(project, image)
    if any(each.python is None for each in bases):
        return [_helpers(each, binaries, image.workdir, extra) for each in bases]
    packed = [
        _Package(project, image, each, wheels[each.platform.name], folder / f"root-{number}", cache)
        for number, each in enumerate(bases)
    ]
    for each in packed:
        each.check(binaries)
    first, *others = packed
    shared = {
        item.same
        for item in first.own
        if item.path not in first.apart and all(item.same in each.sames for each in others)
    }
    return [each.plan(shared, extra) for each in packed]


def _helpers(
    base: ResolvedBase, binaries: Mapping[str, Binary], workdir: str, extra: tuple[Item, ...]
) -> LayerPlan:
    """Return the helpers alone, in ``/usr/local/bin``.

    Without any layers below, the layer makes the folder *workdir* (absolute) too, as WORKDIR of a
    Dockerfile does.
    """
    places = {unit.helper.name: helper_path(unit) for unit in base.units}
    items = tuple(
        Item(helper_path(unit), binaries[unit.id].sha256, 0o755, binaries[unit.id].path)
        for unit in base.units
    )
    folders = (FOLDER, workdir.strip("/")) if base.empty else ()
    layers = tuple(each for each in (Part(items, folders), Part(extra)) if each.items)
    return LayerPlan(layers, places, _programs(base), {}, None)


def _programs(base: ResolvedBase) -> dict[str, str]:
    return {u.helper.name: f"/{helper_path(u)}" for u in base.units if not u.helper.library}


class _Package:
    """The project and its dependencies, installed for one platform."""

    def __init__(
        self,
        project: Project,
        image: Image,
        base: ResolvedBase,
        wheel: BuiltWheel,
        folder: Path,
        cache: BuildCache,
    ) -> None:
        if base.python is None:
            raise ValueError("there is no Python to install for")
        self._base = base
        self._environment = Environment(project.name, base.python, bytecode=image.bytecode)
        folder.mkdir()
        self._skeleton = self._environment.skeleton(folder)
        self._others = Dependencies(self._environment, base.wheels, folder, cache)
        places = {name: self._place(member) for name, member in wheel.members.items()}
        inside = {unit.helper.name for unit in base.units}
        left = [path for name, path in places.items() if name not in inside]
        self.helpers = {name: path for name, path in places.items() if name in inside}
        apart = set(places.values())
        mine = self._environment.install(
            wheel.path,
            folder / "own",
            left,
            lambda path: path in apart or _tells_of_platform(path),
            asked=True,
        )
        self.own = mine.items
        self.sames = {item.same for item in mine.items}
        self.apart = apart | {item.path for item in mine.items if _tells_of_platform(item.path)}
        self._installed = [mine, *self._others.installed]
        check_installed(
            self._installed, project.name, image.extras, Target(base.platform, base.python)
        )

    def check(self, binaries: Mapping[str, Binary]) -> None:
        """Raise ImageError when a helper is not what was compiled."""
        found = {item.path: item.sha256 for item in self.own}
        for unit in self._base.units:
            if found.get(self.helpers[unit.helper.name]) != binaries[unit.id].sha256:
                raise ImageError(f"{unit.id}: the wheel doesn't contain what was built")

    def plan(self, shared: set[tuple[str, str, int, str]], extra: tuple[Item, ...]) -> LayerPlan:
        """Return the layers; *shared* are the own files that are the same on all platforms."""
        helpers = set(self.helpers.values())
        rest = [item for item in self.own if item.path not in helpers]
        others, unpack = self._others.installed, self._others.unpack
        pure = (*self._skeleton, *_items(each for each in others if each.pure))
        native = tuple(_items(each for each in others if not each.pure))
        layers = (
            Part(pure, lasting=True, unpack=unpack),
            Part(native, lasting=True, unpack=unpack),
            Part(tuple(item for item in self.own if item.path in helpers), lasting=True),
            Part(tuple(item for item in rest if item.same not in shared)),
            Part(tuple(item for item in rest if item.same in shared)),
            Part(extra),
        )
        folder = self._environment.bin
        scripts = {
            name: f"/{item.path}"
            for item in rest
            if posixpath.dirname(item.path) == folder
            for name in [posixpath.basename(item.path)]
        }
        return LayerPlan(
            tuple(each for each in layers if each.items),
            self.helpers,
            _programs(self._base),
            scripts,
            folder,
            tuple(each.about for each in self._installed),
        )

    def _place(self, member: str) -> str:
        """Return where a helper at *member* of the wheel is installed."""
        name = posixpath.basename(member)
        inside = "/".join(member.split("/")[:2]).endswith(".data/scripts")
        return f"{self._environment.bin}/{name}" if inside else f"{self._environment.site}/{member}"


def _items(installed: Iterable[Installed]) -> list[Item]:
    return [item for each in installed for item in each.items]


def _tells_of_platform(path: str) -> bool:
    """Tell whether *path* is metadata that differs between the wheels of one version."""
    parts = path.split("/")
    about = next((at for at, part in enumerate(parts) if part.endswith(".dist-info")), None)
    return about is not None and parts[about + 1] in ("WHEEL", "sboms")


def _extra(project: Project, image: Image) -> tuple[Item, ...]:
    """Return the project's own files; links among them are refused, as they may lead anywhere."""
    items = []
    for target, source in image.files.items():
        top = project.root / source
        found = sorted(top.rglob("*")) if top.is_dir() and not top.is_symlink() else [top]
        for path in found:
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise ImageError(
                    f'tool.multiarch.image.files."{target}": {path.relative_to(project.root)} is '
                    "not a regular file"
                )
            if path.is_file():
                inside = posixpath.join(target, path.relative_to(top).as_posix())
                runs = bool(path.stat().st_mode & 0o100)
                items.append(
                    file_item(posixpath.normpath(inside).lstrip("/"), path, executable=runs)
                )
    return tuple(items)
