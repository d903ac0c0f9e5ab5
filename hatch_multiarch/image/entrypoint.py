"""What a container of an image on a base runs: scripts and helpers by name, or the base's own."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.config import Command
from hatch_multiarch.image.health import health_words
from hatch_multiarch.locator import is_module

if TYPE_CHECKING:
    from hatch_multiarch.config import Image
    from hatch_multiarch.image.base import Filesystem
    from hatch_multiarch.image.inherit import BaseConfig


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
