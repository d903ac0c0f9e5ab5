"""The entrypoint: a script, a helper, or what the base runs."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import nearest
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.image_config import health_words
from hatch_multiarch.image.items import helper_path
from hatch_multiarch.wheel.locator import is_module

if TYPE_CHECKING:
    from hatch_multiarch.config import Image
    from hatch_multiarch.image.base import Filesystem
    from hatch_multiarch.image.image_config import BaseConfig
    from hatch_multiarch.plan import ImagePlan


@dataclass(frozen=True)
class Command:
    """What a container of the image runs."""

    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    health: tuple[str, ...] = ()
    """Of the health check, empty without one of the project's own."""


@dataclass(frozen=True)
class Programs:
    """The programs of one platform's image."""

    platform: str
    scripts: dict[str, str]
    """The project's own, by name -> absolute path."""
    helpers: dict[str, str]
    """By name -> absolute path."""
    files: frozenset[str]
    """All that the image adds, without leading slashes."""
    base: Filesystem
    path: str
    """PATH in the image."""

    def find(self, key: str, asked: str) -> str:
        """Return the absolute path of the program *asked*. Raises ImageError, naming *key*."""
        known = {**self.helpers, **self.scripts}
        if asked in known:
            return known[asked]
        if asked in known.values():
            return asked
        tried = [asked] if asked.startswith("/") else [f"{p}/{asked}" for p in self.path.split(":")]
        for each in tried:
            node = self.base.find(each)
            if each.lstrip("/") in self.files or (node is not None and node.kind == "file"):
                return each
        raise ImageError(
            f'tool.multiarch.image.{key}: "{asked}" is not in the image on {self.platform}',
            advice=f"name one of {', '.join(known)}, or a program of the base"
            if known
            else "name a program of the base",
        )

    def find_check(self, asked: str) -> str:
        """Return the same of a health check's program. Raises ImageError.

        A helper in a package is named by its own file: ``/usr/local/bin`` links only to those that
        a container starts with.
        """
        path = self.find("healthcheck", asked)
        if path not in self.helpers.values() or path.lstrip("/") in self.files:
            return path
        name = posixpath.basename(path)
        return next(
            f"/{folder}/{file}"
            for folder, _, file in (each.rpartition("/") for each in sorted(self.files))
            if file == name and (folder.endswith("/bin") or is_module(folder))
        )


def base_command(image: Image, programs: Programs, base: BaseConfig, *, package: bool) -> Command:
    """Return what runs; as in a Dockerfile, an entrypoint resets the base's cmd.

    Without an entrypoint it is the project's only script where the *package* is in the *image*,
    and else the only helper. Raises ImageError when a program is not in the image.
    """
    words = health_words(image)
    health = (programs.find_check(words[0]), *words[1:]) if words else ()
    if image.entrypoint:
        program = programs.find("entrypoint", image.entrypoint[0])
        return Command((program, *image.entrypoint[1:]), image.cmd, health)
    only = programs.scripts if package else programs.helpers
    if len(only) == 1:
        return Command(tuple(only.values()), image.cmd, health)
    entrypoint, cmd = tuple(base.texts("Entrypoint")), tuple(base.texts("Cmd"))
    if image.cmd and not entrypoint:
        return Command((), (programs.find("cmd", image.cmd[0]), *image.cmd[1:]), health)
    return Command(entrypoint, image.cmd or cmd, health)


def scratch_command(plan: ImagePlan) -> Command:
    """Return what an image from scratch runs, the same on every platform.

    The entrypoint defaults to the helper when the image holds just one. A helper's plain name is
    made absolute because nothing promises a search of PATH where there is no shell. Raises
    ImageError when the program is not in the image on one of its platforms.
    """
    image = plan.config
    programs = list(dict.fromkeys(_program_of(plan)))
    words = health_words(image)
    health = _resolved("healthcheck", words, plan) if words else ()
    if image.entrypoint:
        return Command(_resolved("entrypoint", image.entrypoint, plan), image.cmd, health)
    if len(programs) == 1:
        return Command((programs[0],), image.cmd, health)
    return Command((), _resolved("cmd", image.cmd, plan) if image.cmd else (), health)


def _program_of(plan: ImagePlan) -> list[str]:
    every = [unit for _, units in plan.platforms for unit in units]
    return [f"/{helper_path(unit)}" for unit in every if not unit.helper.library]


def _resolved(key: str, words: tuple[str, ...], plan: ImagePlan) -> tuple[str, ...]:
    """Return *words* with the program absolute; ``scratch`` holds the helpers and nothing else."""
    asked = words[0]
    for platform, units in plan.platforms:
        here = {u.helper.name: f"/{helper_path(u)}" for u in units if not u.helper.library}
        program = here.get(asked, asked)
        if program not in here.values():
            message = (
                f'tool.multiarch.image.{key}: "{asked}" is not in the image on {platform.name}, '
                f"which contains {', '.join(here)}"
            )
            raise ImageError(message, advice=_advice(asked, list(here), plan))
    return (program, *words[1:])


def _advice(asked: str, here: list[str], plan: ImagePlan) -> str:
    name = asked.rpartition("/")[2]
    named = [u for _, units in plan.platforms for u in units if u.helper.name == name]
    if named:
        if named[0].helper.library:
            return f"{name} is a library, which cannot be started; name a program"
        if name in here:
            return f'write "{name}"'
        return (
            f"the program must exist on every platform: see tool.multiarch.helpers.{name}.platforms"
        )
    near = nearest(name, here)
    return f'did you mean "{near}"?' if near else "name one of the helpers"
