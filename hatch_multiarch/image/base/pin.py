"""Pins the image's base: writes the digest of its tag into pyproject.toml.

Only the text between two quotes changes. Whether it is the right text, the TOML parser says: the
file is read again as it would be, and must differ in that one key.
"""

from __future__ import annotations

import copy
import re
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config import read_pyproject
from hatch_multiarch.errors import PlanError, RegistryError
from hatch_multiarch.files import rewrite
from hatch_multiarch.plan.image_plan import in_registry
from hatch_multiarch.registry import Cache, Puller
from hatch_multiarch.registry.reference import parse_pull

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_multiarch.registry import Pace

KEY = ("tool", "multiarch", "image", "base")
_KEY = ".".join(KEY)


@dataclass(frozen=True)
class Lock:
    """A base, and what it should be."""

    path: Path
    """The file that names it."""
    base: str
    """As it is there; ``scratch`` without an image."""
    locked: str
    """``NAME:TAG@DIGEST`` of today; the same as *base* where there is nothing to lock."""

    @property
    def stale(self) -> bool:
        """Whether the file says something else than it should."""
        return self.base != self.locked


def find_lock(root: Path, environ: Mapping[str, str], pace: Pace | None = None) -> Lock:
    """Return what the base of the project in *root* is, and what its tag names today.

    Raises ConfigError, and RegistryError when its registry does not tell. Nothing is written.
    """
    path = root / "pyproject.toml"
    config, _ = read_pyproject(path)
    base = config.image.base if config.image is not None else "scratch"
    if not in_registry(base):
        return Lock(path, base, base)
    reference = parse_pull(base)
    if not reference.tag:  # a digest alone says all there is to say
        return Lock(path, base, base)
    with closing(Puller(reference, environ, Cache.of(environ), pace=pace)) as puller:
        try:
            digest = puller.ask()
        except RegistryError as error:
            raise RegistryError(f"{_KEY}: {error.message}", advice=error.advice) from None
    name = base.partition("@")[0]
    tagged = name if name.rpartition(":")[2] == reference.tag else f"{name}:{reference.tag}"
    return Lock(path, base, f"{tagged}@{digest}")


def write_lock(lock: Lock) -> None:
    """Write what *lock* says into its file, whole or not at all.

    Raises PlanError when the file has not the base as one plain string, or cannot be written.
    """
    text = lock.path.read_bytes().decode("utf-8")
    rewrite(lock.path, _changed(text, lock))


def _changed(text: str, lock: Lock) -> str:
    """Return *text* with the one string changed. Raises PlanError when that is not to be found."""
    wanted = _with(tomllib.loads(text), lock.locked)
    quoted = re.compile(rf"""(?<=["']){re.escape(lock.base)}(?=["'])""")
    for found in quoted.finditer(text):
        changed = f"{text[: found.start()]}{lock.locked}{text[found.end() :]}"
        try:
            if tomllib.loads(changed) == wanted:
                return changed
        except tomllib.TOMLDecodeError:
            continue
    raise PlanError(
        f"{_KEY}: {lock.path.name} doesn't contain {lock.base!r} as one plain string, so it was "
        "not changed",
        advice=f'write it as: base = "{lock.locked}"',
    )


def _with(document: dict[str, Any], base: str) -> dict[str, Any]:
    """Return *document* with another base."""
    made = copy.deepcopy(document)
    table = made
    for part in KEY[:-1]:
        table = table[part]
    table[KEY[-1]] = base
    return made
