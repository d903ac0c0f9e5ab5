"""Takes a binary that was built elsewhere: a file, or a member of an archive.

Nobody vouches for an archive: nothing of it is unpacked but the bytes of that member, and what is
read is limited. Its name leads nowhere, and it has to be a file itself.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import stat
import time
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

from hatch_multiarch.config.messages import printable
from hatch_multiarch.engine.engine_protocol import Binary
from hatch_multiarch.engine.publish import BuildStamp, regular
from hatch_multiarch.errors import ImageError, PlanError
from hatch_multiarch.files import hashed, sha256, writing
from hatch_multiarch.oci.tar_store import ENTRIES, TarStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hatch_multiarch.plan import Unit

CHUNK = 1 << 20
"""Bytes that are read at once."""
LIMIT = 1 << 31
"""Most bytes of a member, and of a tar behind gzip up to its end (2 GiB), so that a bomb ends."""
LIST = 1 << 22
"""Most bytes of a list of checksums."""
SHOWN = 5
"""Names in an archive that a message shows."""
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
"""What zipfile raises for bytes that it does not understand; RuntimeError: they are encrypted."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(.+)")
"""A line of ``sha256sum``; the name may have a folder before it."""


def take(unit: Unit) -> Binary:
    """Put a binary that was built elsewhere in place. Raises PlanError when it is not one file."""
    start = time.monotonic()
    digest = hashlib.sha256()
    for data in contents(unit):
        digest.update(data)
    same = unit.output.is_file() and sha256(unit.output) == digest.hexdigest()
    if not same:
        BuildStamp(unit.output).remove()
        unit.output.parent.mkdir(parents=True, exist_ok=True)
        with writing(unit.output, mode=0o755) as out:
            out.writelines(contents(unit))
    return Binary(
        unit=unit,
        path=unit.output,
        sha256=sha256(unit.output),
        size=unit.output.stat().st_size,
        seconds=time.monotonic() - start,
        cached=same,
        compiler="prebuilt",
    )


def contents(unit: Unit) -> Iterator[bytes]:
    """Yield the bytes of the binary of *unit*, which is prebuilt.

    Raises PlanError for what is no regular file, does not match its checksum, or is an archive that
    cannot be read or lacks the member.
    """
    where = f"tool.multiarch.helpers.{unit.helper.name}"
    regular(unit.source, f"{where}.prebuilt")
    try:
        file = unit.source.open("rb")
    except OSError as error:
        said = f"{unit.source.name} cannot be read: {error.strerror}"
        raise PlanError(f"{where}.prebuilt: {said}") from None
    with file:
        if unit.checksums is not None:
            _check(unit.source, hashed(file)[0], unit.checksums, f"{where}.checksums")
            file.seek(0)
        if unit.member:
            read = _zipped if unit.source.name.lower().endswith(".zip") else _tarred
            try:
                yield from read(file, unit.source.name, unit.member)
            except PlanError as error:
                advice = error.advice
                raise PlanError(f"{where}.prebuilt: {error.message}", advice=advice) from None
            except ImageError as error:
                raise PlanError(f"{where}.prebuilt: {error.message}") from None
        else:
            while data := file.read(CHUNK):
                yield data


def _tarred(file: BinaryIO, name: str, member: str) -> Iterator[bytes]:
    store = TarStore(file, name, LIMIT)
    if store.is_link(member):
        raise _link(name, member)
    if member not in store.names():
        raise _missing(name, member, store.names())
    yield from store.chunks(member)


def _zipped(file: BinaryIO, name: str, member: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES:
                raise PlanError(f"{name}: more than {ENTRIES} entries")
            named = [each for each in entries if posixpath.normpath(each.filename) == member]
            if not named or named[0].is_dir():
                raise _missing(name, member, [each.filename for each in entries])
            if len(named) > 1:
                raise PlanError(f"{name}: {member} is in the archive twice")
            [entry] = named
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise _link(name, member)
            if entry.file_size > LIMIT:
                raise PlanError(f"{name}: {member} is larger than {LIMIT} bytes")
            if entry.compress_type not in _METHODS:
                raise PlanError(f"{name}: {member} is neither stored nor deflated")
            with archive.open(entry) as opened:
                while data := opened.read(CHUNK):
                    yield data
    except _UNREADABLE as error:
        raise PlanError(f"{name}: not a readable zip archive: {error}") from None


def _link(name: str, member: str) -> PlanError:
    return PlanError(f"{name}: {member} is a link", advice="name the file itself by `member`")


def _missing(name: str, member: str, names: Iterable[str]) -> PlanError:
    files = [printable(each) for each in names if not each.endswith("/")]
    base = posixpath.basename(member)
    near = [each for each in files if posixpath.basename(each) == base] or files
    has = ", ".join(near[:SHOWN]) or "none"
    more = f" and {len(near) - SHOWN} more" if len(near) > SHOWN else ""
    return PlanError(
        f"{name}: there is no file {member} in it; it has {has}{more}",
        advice="name it by `member`",
    )


def _check(file: Path, digest: str, checksums: Path, where: str) -> None:
    """Raise PlanError unless the list *checksums* has *file* with the sha256 *digest*."""
    regular(checksums, where)
    with checksums.open("rb") as opened:
        text = opened.read(LIST + 1)
    if len(text) > LIST:
        raise PlanError(f"{where}: {checksums.name} is larger than {LIST >> 10} KiB")
    lines = [_LINE.fullmatch(each) for each in text.decode("utf-8", "replace").splitlines()]
    listed = {found[2]: found[1].lower() for found in lines if found}
    wanted = {each for name, each in listed.items() if posixpath.basename(name) == file.name}
    if not wanted:
        what = f"does not list {file.name}" if listed else "has no line of sha256sum"
        raise PlanError(f"{where}: {checksums.name} {what}")
    if wanted != {digest}:
        raise PlanError(
            f"{where}: {file.name} has the sha256 {digest}, but {checksums.name} says "
            f"{', '.join(sorted(wanted))}",
            advice="one of the two is of another release, or was changed; fetch both again",
        )
