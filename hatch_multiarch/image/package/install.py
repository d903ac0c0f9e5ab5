"""Wheels installed as files: a virtual environment that is written, never run.

The wheels go through the PyPA's ``installer``, which knows the specifications (binary
distribution format, entry points, recording installed projects) and asks for nothing but a place
to write to; that place is here.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from packaging.utils import canonicalize_name, parse_wheel_filename

from hatch_multiarch.engine.publish import sha256
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.items import Item, file_item
from hatch_multiarch.image.package.tools import need
from hatch_multiarch.image.package.wheel_contents import (
    check_contents,
    chunks,
    record_digest,
    with_interpreter,
)
from hatch_multiarch.process import run
from hatch_multiarch.sbom import distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from hatch_multiarch.image.base.python import BasePython
    from hatch_multiarch.sbom import Distribution

INSTALLER = {"INSTALLER": b"hatch-multiarch\n"}
"""Who installed it (recording installed projects, "The INSTALLER file")."""


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
                f"on {running[0]} {running[1]}.{running[2]}, whose bytecode is another",
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
        import installer  # noqa: PLC0415 - there only when it was asked for
        from installer.sources import WheelFile  # noqa: PLC0415

        name, version, _, tags = parse_wheel_filename(wheel.name)
        place = _Place(self, name, folder, set(leave_out), apart)
        more = {**INSTALLER, "REQUESTED": b""} if asked else INSTALLER
        try:
            with WheelFile.open(wheel) as source, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of files that it leaves out
                source.validate_record(validate_contents=False)
                check_contents(source)
                installer.install(source, cast("Any", place), more)
                metadata = source.read_dist_info("METADATA")
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


class _Place:
    """Where ``installer`` writes one wheel to; its protocol is ``WheelDestination``."""

    def __init__(
        self,
        environment: Environment,
        name: str,
        folder: Path,
        left: set[str],
        apart: Callable[[str], bool],
    ) -> None:
        self._environment = environment
        self._folder = folder
        self._left = left
        self._apart = apart
        self._schemes = {
            "purelib": environment.site,
            "platlib": environment.site,
            "scripts": environment.bin,
            "headers": f"{environment.root}/include/site/{environment.python.name}/{name}",
            "data": environment.root,
        }
        self.items: dict[str, Item] = {}

    def write_script(self, name: str, module: str, attr: str, section: Any) -> Any:
        """Write the script of an entry point."""
        from installer.scripts import Script  # noqa: PLC0415

        file, data = Script(name, module, attr, section).generate(self._interpreter, "posix")
        return self._write("scripts", file, [data], executable=True)

    def write_file(self, scheme: Any, path: Any, stream: BinaryIO, is_executable: bool) -> Any:  # noqa: FBT001
        """Write a file of the wheel."""
        if scheme != "scripts":
            return self._write(scheme, str(path), chunks(stream), executable=is_executable)
        script = with_interpreter(stream, self._interpreter)
        return self._write(scheme, str(path), script, executable=True)

    def finalize_installation(
        self, scheme: Any, record_file_path: str, records: Iterable[tuple[Any, Any]]
    ) -> None:
        """Write the bytecode and the RECORD."""
        from installer.records import RecordEntry  # noqa: PLC0415
        from installer.utils import construct_record_file  # noqa: PLC0415

        kept = [each for each in records if self._path(each[0], each[1].path) not in self._left]
        for path in self._environment.compile(self._folder):
            inside = path.relative_to(self._folder).as_posix()
            self.items[inside] = file_item(inside, path)
            within = posixpath.relpath(inside, self._schemes[scheme])
            kept.append((scheme, RecordEntry(within, None, None)))

        def prefix(other: str) -> str | None:
            if self._schemes[other] == self._schemes[scheme]:
                return None
            return posixpath.relpath(self._schemes[other], self._schemes[scheme]) + "/"

        kept.sort(key=lambda each: each[1].path)  # `installer` does so from version 1 on
        with construct_record_file(kept, prefix) as stream:
            self._write(scheme, record_file_path, chunks(stream), executable=False)

    @property
    def _interpreter(self) -> str:
        return f"/{self._environment.bin}/python"

    def _path(self, scheme: str, path: str) -> str:
        """Return the path in the image. Raises ImageError when it leads out of its place."""
        place = self._schemes[str(scheme)]
        inside = posixpath.normpath(f"{place}/{path}")
        if not inside.startswith(f"{place}/") or re.search(r"^/|[\0\\]", path):
            raise ImageError(f"it writes to {path!r}, which is outside of its place")
        return inside

    def _write(self, scheme: str, path: str, content: Iterable[bytes], *, executable: bool) -> Any:
        from installer.records import Hash, RecordEntry  # noqa: PLC0415

        inside = self._path(scheme, path)
        if inside in self._left:
            return RecordEntry(path, None, None)
        target = self._folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with target.open("wb") as copy:
            for data in content:
                digest.update(data)
                size += copy.write(data)
        mode = 0o755 if executable else 0o644
        self.items[inside] = Item(inside, digest.hexdigest(), mode, target)
        if self._apart(inside):
            return RecordEntry(path, None, None)
        return RecordEntry(path, Hash("sha256", record_digest(digest.digest())), size)
