"""Reads a wheel: its tags, its platform, which of its files are helpers, and its RECORD.

Nothing of it is imported. The table of helpers is read out of the locator's source as a literal.
RECORD is compared with the files (binary distribution format, "The RECORD file").
"""

from __future__ import annotations

import ast
import base64
import csv
import posixpath
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import BytesParser
from typing import TYPE_CHECKING

from packaging.tags import parse_tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from hatch_multiarch.audit import runs_on
from hatch_multiarch.errors import AuditError
from hatch_multiarch.files import hashed
from hatch_multiarch.platforms import all_platforms
from hatch_multiarch.verify.outcome import Check
from hatch_multiarch.wheel import locator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from packaging.tags import Tag

    from hatch_multiarch.platforms import Platform

SMALL = 1 << 24
"""Most bytes of a file that is read whole: RECORD, WHEEL, an SBOM, the locator."""
LOCATOR = 1 << 18
"""Most bytes of a locator: one of ours takes 100 for each helper, and Python's parser thousands
for each byte of some others."""
UNREADABLE = (KeyError, EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What zipfile raises for bytes that it does not understand; RuntimeError: they are encrypted."""
LINUX = ("manylinux", "musllinux", "linux_")

UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")
"""Files of the metadata that need no hash in it."""
ROW = 3


@dataclass(frozen=True)
class Opened:
    """A wheel."""

    path: Path
    archive: zipfile.ZipFile
    name: str
    """Of the distribution, normalised."""
    stem: str
    """``NAME-VERSION``, which the folders of its metadata and data are named after."""
    named: frozenset[Tag]
    """The tags of its file name."""
    tags: frozenset[Tag]
    """Those in WHEEL."""
    platform: Platform | None
    """Of the tags in WHEEL; None for a wheel for any platform, or for one that we do not know."""
    members: dict[str, str]
    """Helper -> its path in the archive."""
    libraries: frozenset[str]
    """The helpers that are libraries, as the locator has it."""

    def small(self, member: str) -> bytes:
        """Return the small file *member*. Raises AuditError when it is missing or not small."""
        return _small(self.path, self.archive, member)

    def hashed(self, member: str, copy: Path | None = None) -> tuple[str, bytes, int]:
        """Return sha256 (hex and raw) and size of *member*; with *copy*, write it there too."""
        with self.archive.open(member) as file:
            if copy is None:
                digest, size = hashed(file)
            else:
                with copy.open("wb") as target:
                    digest, size = hashed(file, target)
        return digest, bytes.fromhex(digest), size


@contextmanager
def open_wheel(path: Path) -> Iterator[Opened]:
    """Open the wheel *path*. Raises AuditError when it is none, also for what goes wrong inside."""
    try:
        name, _, _, named = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise AuditError(f"{path.name} doesn't have the name of a wheel: {error}") from None
    try:
        with zipfile.ZipFile(path) as archive:
            stem = _stem(path, archive)
            told = BytesParser().parsebytes(_small(path, archive, f"{stem}.dist-info/WHEEL"))
            tags = frozenset(tag for line in told.get_all("Tag", []) for tag in parse_tag(line))
            held = _members(path, archive, name, stem)
            yield Opened(path, archive, name, stem, named, tags, platform_of(tags), *held)
    except UNREADABLE as error:
        raise AuditError(f"{path.name} cannot be read: {error}") from None


def platform_of(tags: Iterable[Tag]) -> Platform | None:
    """Return the platform that the wheel tags *tags* are for."""
    words = {tag.platform for tag in tags}
    return next((row for row in all_platforms() if any(_fits(each, row) for each in words)), None)


def _fits(word: str, row: Platform) -> bool:
    if row.plain_tag is not None:
        return word == row.plain_tag
    starts = LINUX if row.os == "linux" else ("macosx_",) if row.os == "darwin" else ()
    return word.startswith(starts) and word.endswith(f"_{row.wheel_arch}")


def _stem(path: Path, archive: zipfile.ZipFile) -> str:
    folders = {name.partition("/")[0] for name in archive.namelist()}
    found = sorted(each for each in folders if each.endswith(".dist-info"))
    if len(found) != 1:
        has = ", ".join(found) or "none"
        raise AuditError(f"{path.name}: expected one .dist-info folder in it, found {has}")
    return found[0].removesuffix(".dist-info")


def _small(path: Path, archive: zipfile.ZipFile, member: str, most: int = SMALL) -> bytes:
    try:
        with archive.open(member) as file:
            data = file.read(most + 1)
    except KeyError:
        raise AuditError(f"{path.name}: {member} is not in it") from None
    if len(data) > most:
        raise AuditError(f"{path.name}: {member} is larger than {most >> 10} KiB")
    return data


def _members(
    path: Path, archive: zipfile.ZipFile, name: str, stem: str
) -> tuple[dict[str, str], frozenset[str]]:
    """Return the helpers that the locator knows, and which of them are libraries.

    Where the wheel has no locator they are the programs among its scripts.
    """
    module = locator.module_name(name)
    source = f"{module}/__init__.py"
    if source not in archive.namelist():
        if any(each.startswith(f"{module}/") for each in archive.namelist()):
            raise AuditError(f"{path.name}: {source} is not in it: the helpers can't be found")
        return _programs(archive, f"{stem}.data/scripts/"), frozenset()
    places = {"package": module, "library": module, "scripts": f"{stem}.data/scripts"}
    try:
        table = _table(_small(path, archive, source, LOCATOR))
        members = {helper: f"{places[place]}/{file}" for helper, (place, file) in table.items()}
    except _NO_TABLE:
        raise AuditError(f"{path.name}: {source} has no table of helpers") from None
    for helper, member in members.items():
        if member not in archive.namelist():
            raise AuditError(f"{path.name}: {member}, the file of {helper}, is not in it")
    return members, frozenset(name for name, (place, _) in table.items() if place == "library")


def _programs(archive: zipfile.ZipFile, folder: str) -> dict[str, str]:
    """Return the native programs in *folder*, by name -> path."""
    found = {}
    for member in archive.namelist():
        if member.startswith(folder) and not member.endswith("/"):
            with archive.open(member) as file:
                magic = file.read(4)
            if any(runs_on(magic, system) for system in ("linux", "darwin", "windows")):
                found[member.removeprefix(folder).removesuffix(".exe")] = member
    return found


_NO_TABLE = (
    *(AttributeError, KeyError, TypeError, ValueError, SyntaxError),
    *(RecursionError, MemoryError),  # of Python's parser, for what is nested too deeply
)


def _table(source: bytes) -> dict[str, tuple[str, str]]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_HELPERS":
            table: dict[str, tuple[str, str]] = ast.literal_eval(node.value or node)
            return table
    raise ValueError("no table")


def check_record(wheel: Opened) -> Check:
    """Look whether RECORD lists every file with its sha256 and size, and nothing else."""
    names = [each.filename for each in wheel.archive.infolist() if not each.is_dir()]
    try:
        problems = _problems(wheel, names)
    except AuditError as error:
        problems = [error.message.removeprefix(f"{wheel.path.name}: ")]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return Check("record", "failed", problems[0] + more)
    return Check("record", "ok", f"{len(names)} files")


def _problems(wheel: Opened, names: list[str]) -> list[str]:
    text = wheel.small(f"{wheel.stem}.dist-info/RECORD").decode("utf-8", "replace")
    rows = [row for row in csv.reader(text.splitlines()) if row]
    listed = {row[0]: row for row in rows}
    problems = [f"{name} is twice in the archive" for name in sorted(_twice(names))]
    problems += [
        f"{name} is not a path inside a wheel"
        for name in names
        if name.startswith("/") or "\\" in name or posixpath.normpath(name) != name
    ]
    problems += [f"RECORD lists {name} twice" for name in sorted(_twice([row[0] for row in rows]))]
    problems += [f"RECORD lists {name}, which is missing" for name in sorted({*listed} - {*names})]
    free = {f"{wheel.stem}.dist-info/{each}" for each in UNLISTED}
    for name in dict.fromkeys(names):
        if name in free:
            continue
        if name not in listed:
            problems.append(f"RECORD does not list {name}")
        elif problem := _problem(wheel, name, listed[name]):
            problems.append(problem)
    return problems


def _problem(wheel: Opened, name: str, row: list[str]) -> str:
    if len(row) != ROW or not row[1].startswith("sha256="):
        return f"RECORD has no sha256 of {name}"
    _, raw, size = wheel.hashed(name)
    found = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if row[1] != f"sha256={found}":
        return f"{name} is not what RECORD says: sha256 is {found}, not {row[1][7:]}"
    if row[2] != str(size):
        return f"{name} has {size} bytes, RECORD says {row[2] or 'nothing'}"
    return ""


def _twice(names: list[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]
