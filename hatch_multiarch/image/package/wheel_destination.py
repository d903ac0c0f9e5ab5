"""The destination to which the PyPA's ``installer`` writes a wheel.

It knows the specifications (binary distribution format, entry points, recording installed
projects) and asks for nothing but a place to write to. It is an extra: this module is imported
when it is there.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import warnings
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import installer
from installer.records import Hash, RecordEntry
from installer.scripts import Script
from installer.sources import WheelFile
from installer.utils import construct_record_file

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.items import Item, file_item
from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from hatch_multiarch.image.package.virtual_environment import Environment

INSTALLER = {"INSTALLER": b"hatch-multiarch\n"}
"""Who installed it (recording installed projects, "The INSTALLER file")."""


def put(wheel: Path, place: Place, *, asked: bool) -> str:
    """Install *wheel* into *place* and return its METADATA; *asked*: by a person.

    Raises ImageError for a path outside of the place, and whatever a broken wheel makes
    ``installer`` and zipfile raise.
    """
    more = {**INSTALLER, "REQUESTED": b""} if asked else INSTALLER
    with WheelFile.open(wheel) as source, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of files that it leaves out
        source.validate_record(validate_contents=False)
        check_contents(source)
        installer.install(source, cast("Any", place), more)
        metadata: str = source.read_dist_info("METADATA")
        return metadata


class Place:
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


def check_contents(source: WheelFile) -> None:
    """Compare the files of a wheel with its RECORD, in chunks.

    `installer` before version 1 would read each of them whole. Raises ValueError when one differs.
    """
    for (path, told, size), stream, _ in source.get_contents():
        name, _, value = told.partition("=")
        if not told:  # RECORD and its signatures; `validate_record` has refused all others
            continue
        digest, left = hashlib.new(name), int(size)
        for data in chunks(stream):
            digest.update(data)
            left -= len(data)
            if left < 0:
                break
        if left or record_digest(digest.digest()) != value:
            raise ValueError(f"hash or size of {path} are not those of RECORD")


def with_interpreter(script: BinaryIO, interpreter: str) -> Iterator[bytes]:
    """Yield *script* with *interpreter* in its first line, where that is a wheel's ``#!python``."""
    line = script.readline(CHUNK)
    if line.startswith(b"#!python"):
        yield f"#!{interpreter}\n".encode()
        while line and not line.endswith(b"\n"):
            line = script.readline(CHUNK)
    else:
        yield line
    yield from chunks(script)


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of *stream*."""
    while data := stream.read(CHUNK):
        yield data


def record_digest(digest: bytes) -> str:
    """Return *digest* as RECORD has it."""
    return urlsafe_b64encode(digest).decode().rstrip("=")
