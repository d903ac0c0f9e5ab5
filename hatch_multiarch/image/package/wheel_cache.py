"""Fetches pinned dependencies with pip, and keeps them, also installed, for other projects.

pip checks the hashes. A wheel is known by its hash, and what comes of it by the wheel and the
environment: so the same dependencies are neither asked for nor unpacked again.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path  # noqa: TC003 - dataclasses look at it
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.files import sha256
from hatch_multiarch.image.items import Item
from hatch_multiarch.image.package.tools import last_words, need, run_module
from hatch_multiarch.image.package.virtual_environment import Installed
from hatch_multiarch.sbom import Distribution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.image.package.lock_file import Pin
    from hatch_multiarch.image.package.target import Target
    from hatch_multiarch.image.package.virtual_environment import Environment
    from hatch_multiarch.process import Group

_OTHER = re.compile(r"^ *(\S+==\S+) from .*?\bGot\s+([0-9a-f]{64})", re.MULTILINE | re.DOTALL)
_MISSING = re.compile(r"No matching distribution found for ([^\s(]+)")


@dataclass(frozen=True)
class Wheel:
    """A wheel of a dependency."""

    sha256: str
    """In hex."""
    path: Path


def wheels_of(
    pins: Sequence[Pin],
    target: Target,
    cache: BuildCache,
    *,
    root: Path,
    folder: Path,
    group: Group | None = None,
) -> tuple[Wheel, ...]:
    """Return the wheels of *pins*, sorted by name: those of *cache*, or fetched into *folder*.

    Raises what ``fetch`` raises.
    """
    inputs = ([pin.line for pin in pins], target.version, target.tags)
    kept = _kept(pins, cache, cache.recall("wheels", *inputs))
    if kept is not None:
        return kept
    fetched = fetch(pins, target, root=root, folder=folder, group=group)
    wheels = tuple(Wheel(sha256(path), path) for path in fetched)
    for each in wheels:
        cache.keep(each.path, each.sha256, each.path.name)
    cache.note([(each.path.name, each.sha256) for each in wheels], "wheels", *inputs)
    return wheels


def _kept(
    pins: Sequence[Pin], cache: BuildCache, told: Sequence[tuple[str, str]] | None
) -> tuple[Wheel, ...] | None:
    """Return the wheels that a record has *told* of, if *cache* has all of them.

    Whatever the record says, each of them is one of *pins* by its hash, and each pin has one.
    """
    if told is None:
        return None
    found, open_pins = [], set(pins)
    for name, digest in told:
        path = cache.file(digest, name)
        try:
            fitting = {pin for pin in pins if path is not None and pin.fits(path, digest)}
        except OSError:  # another build has removed it
            return None
        if path is None or not fitting:
            return None
        open_pins -= fitting
        found.append(Wheel(digest, path))
    return None if open_pins else tuple(found)


class Dependencies:
    """The *wheels* in *environment*, each below a folder of its own in *folder*.

    Raises what ``Environment.install`` raises.
    """

    def __init__(
        self, environment: Environment, wheels: Sequence[Wheel], folder: Path, cache: BuildCache
    ) -> None:
        need("installer")
        self._environment = environment
        self._cache = cache
        self._installer = version("installer")
        self._packed: list[tuple[Wheel, Path]] = []
        places = [(wheel, folder / str(number)) for number, wheel in enumerate(wheels)]
        self.installed = [self._recalled(*each) or self._install(*each) for each in places]
        """In the order of the wheels; where their files are said to be, ``unpack`` puts them."""

    def unpack(self) -> None:
        """Put the files in place that are not there yet."""
        while self._packed:
            self._install(*self._packed.pop())

    def _inputs(self, wheel: Wheel) -> tuple[str, ...]:
        return (wheel.path.name, wheel.sha256, self._installer, *self._environment.inputs)

    def _recalled(self, wheel: Wheel, folder: Path) -> Installed | None:
        told: dict[str, Any] | None = self._cache.recall("installed", *self._inputs(wheel))
        # What is told of a wheel is for the one in hand.
        if told is None or told["about"]["sha256"] != wheel.sha256:
            return None
        self._packed.append((wheel, folder))
        items = [
            Item(path, digest, mode, folder / path) for path, digest, mode in told.pop("items")
        ]
        about = Distribution(**told.pop("about"))
        return Installed(**told, items=tuple(items), about=about)

    def _install(self, wheel: Wheel, folder: Path) -> Installed:
        installed = self._environment.install(wheel.path, folder)
        items = [(each.path, each.sha256, each.mode) for each in installed.items]
        told = {**asdict(replace(installed, items=())), "items": items}
        self._cache.note(told, "installed", *self._inputs(wheel))
        return installed


def fetch(
    pins: Sequence[Pin], target: Target, *, root: Path, folder: Path, group: Group | None = None
) -> list[Path]:
    """Return the wheels of *pins*, sorted by name, in the new *folder*.

    Raises ImageError when one has no wheel for *target*, is not what its hash says, or cannot be
    had, and Stopped when *group* is.
    """
    folder.mkdir()
    if not pins:
        return []
    listed = folder / "requirements.txt"
    listed.write_text("".join(f"{pin.line}\n" for pin in pins), encoding="utf-8")
    words: list[str | Path] = ["download", "--no-deps", "--require-hashes", "--quiet"]
    words += ["--disable-pip-version-check", "--no-color", "--no-input"]
    words += ["--only-binary", ":all:", "--implementation", "cp"]
    words += ["--python-version", target.version, "--abi", f"cp{target.version.replace('.', '')}"]
    for tag in target.tags:
        words += ["--platform", tag]
    done = run_module("pip", [*words, "--dest", folder, "--requirement", listed], root, group)
    if done.code:
        raise _refusal(done.err, target)
    return sorted(folder.glob("*.whl"))


def _refusal(said: str, target: Target) -> ImageError:
    libc = target.python.libc
    needs = f"Python {target.version} and {libc.kind} {libc.version[0]}.{libc.version[1]}"
    if found := _MISSING.search(said):
        return ImageError(
            f"tool.multiarch.image.base: {found[1]} has no wheel for {target.platform.name} "
            f"({needs})",
            advice="remove the platform, use a version that has one, or add a folder with your "
            "own wheel to PIP_FIND_LINKS",
        )
    if found := _OTHER.search(said):
        return ImageError(
            f"tool.multiarch.image.base: {found[1]}: the file found for {target.platform.name} has "
            f"the sha256 {found[2]}, which is not one of its hashes",
            advice="lock the requirements again, if that file is the right one",
        )
    reason = last_words(said.replace("ERROR:", ""))
    return ImageError(
        f"tool.multiarch.image.base: pip cannot fetch the dependencies for {target.platform.name}: "
        f"{reason[:600]}"
    )
