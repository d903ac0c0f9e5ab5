"""Installs wheels as files of a virtual environment, without running it.

What is installed is checked as ``pip check`` does, for another machine.
"""

from __future__ import annotations

import posixpath
import sys
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from hatch_multiarch.errors import ImageError
from hatch_multiarch.files import sha256
from hatch_multiarch.image.items import Item, file_item
from hatch_multiarch.image.package.tools import need
from hatch_multiarch.process import run
from hatch_multiarch.sbom import distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from hatch_multiarch.image.base.python import BasePython
    from hatch_multiarch.image.package.target import Target
    from hatch_multiarch.sbom import Distribution


@dataclass(frozen=True)
class Installed:
    """One distribution, installed."""

    name: str
    """Normalised."""
    version: str
    pure: bool
    """Its wheel is for any platform."""
    items: tuple[Item, ...]
    about: Distribution
    """What its METADATA and its wheel tell."""
    metadata: str
    """Its METADATA file."""


class Environment:
    """The environment of the project *name* on the Python of a base, in ``/opt/NAME``."""

    def __init__(self, name: str, python: BasePython, *, bytecode: bool = False) -> None:
        self.root = f"opt/{canonicalize_name(name)}"
        self.bin = f"{self.root}/bin"
        self.site = f"{self.root}/lib/{python.name}/site-packages"
        self.python = python
        self._bytecode = bytecode
        self.inputs = (self.root, python.name, sys.version if bytecode else "")
        """All that the files of an installed wheel follow from, beside the wheel."""
        running = (sys.implementation.name, *sys.version_info[:2])
        if bytecode and running != ("cpython", *python.version):
            raise ImageError(
                f"tool.multiarch.image.bytecode: the base has {python.name}, and this build runs "
                f"on {running[0]} {running[1]}.{running[2]}, which has different bytecode",
                advice=f"build with {python.name}, or remove bytecode",
            )

    def skeleton(self, folder: Path) -> list[Item]:
        """Return what makes it an environment: pyvenv.cfg and links to the base's Python."""
        about = folder / "pyvenv.cfg"
        version = ".".join(map(str, self.python.version))
        home = posixpath.dirname(self.python.path)
        text = f"home = {home}\ninclude-system-site-packages = false\nversion = {version}\n"
        about.write_text(text, encoding="utf-8", newline="\n")
        links = {"python": self.python.path, "python3": "python", self.python.name: "python"}
        return [
            file_item(f"{self.root}/pyvenv.cfg", about),
            *(Item(f"{self.bin}/{name}", mode=0o777, target=to) for name, to in links.items()),
        ]

    def install(
        self,
        wheel: Path,
        folder: Path,
        leave_out: Iterable[str] = (),
        apart: Callable[[str], bool] = lambda _: False,
        *,
        asked: bool = False,
    ) -> Installed:
        """Install *wheel* below the new *folder*, without the image paths *leave_out*.

        Of files whose paths are *apart* RECORD tells no hash: they are others on each platform,
        and RECORD is not. *asked*: by a person, not as a dependency. Raises ImageError for a wheel
        that is broken or that writes to where no wheel may, and ToolchainError when ``installer``
        is missing.
        """
        need("installer")
        from hatch_multiarch.image.package.wheel_destination import Place, put  # noqa: PLC0415 - an extra

        name, version, _, tags = parse_wheel_filename(wheel.name)
        place = Place(self, name, folder, set(leave_out), apart)
        try:
            metadata = put(wheel, place, asked=asked)
        except ImageError:
            raise
        except Exception as error:  # what a broken zip and broken metadata raise, is its fault
            raise ImageError(f"{wheel.name} cannot be installed: {error}") from error
        items = tuple(sorted(place.items.values(), key=lambda each: each.path))
        pure = all(tag.platform == "any" for tag in tags)
        about = distribution(metadata, wheel.name, sha256(wheel), own=asked)
        return Installed(name, str(version), pure, items, about, metadata)

    def compile(self, folder: Path) -> list[Path]:
        """Compile what is installed below *folder*, if asked; return the files that came of it.

        In a process of its own: what marshal writes depends on which strings a process has. The
        ``.pyc`` files hold no time and are not checked against their sources (PEP 552).
        """
        if not self._bytecode or not (folder / self.site).is_dir():
            return []
        words = ["-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
        words += ["-s", str(folder / self.site), "-p", f"/{self.site}", str(folder / self.site)]
        run([sys.executable, *words])  # some files are templates, which no Python compiles
        return sorted((folder / self.site).rglob("__pycache__/*.pyc"))


def check_installed(
    installed: Sequence[Installed], name: str, extras: Sequence[str], target: Target
) -> None:
    """Raise ImageError, a line for each, for what *name* with *extras* needs and has not."""
    known = {each.name: each for each in installed}
    problems: dict[str, None] = {}
    done: set[tuple[str, str]] = set()
    todo = [(canonicalize_name(name), extra) for extra in ("", *extras)]
    while todo:
        here, extra = todo.pop()
        if (here, extra) in done:
            continue
        done.add((here, extra))
        headers = HeaderParser().parsestr(known[here].metadata)
        for text in headers.get_all("Requires-Dist") or ():
            requirement = Requirement(text)
            markers = {**target.markers, "extra": extra}
            if requirement.marker and not requirement.marker.evaluate(markers):
                continue
            needed = canonicalize_name(requirement.name)
            found = known.get(needed)
            if found is None or not requirement.specifier.contains(found.version, prereleases=True):
                has = f"has {found.version}" if found else "has none"
                problems[
                    f"tool.multiarch.image.requirements: {here} needs {requirement.name}"
                    f"{requirement.specifier} on {target.platform.name}, which the image {has}"
                ] = None
                continue
            todo += [(needed, each) for each in ("", *sorted(requirement.extras))]
    if problems:
        raise ImageError(
            "\n".join(problems), advice="lock the requirements of this version of the project again"
        )
