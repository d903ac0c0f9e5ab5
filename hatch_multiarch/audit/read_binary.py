"""Reads one executable of any format, or what an earlier build has read of it."""

from __future__ import annotations

import stat
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hatch_multiarch import __version__
from hatch_multiarch.audit.binary import Malformed, Window
from hatch_multiarch.audit.binary_info import BinaryInfo, GoBuild
from hatch_multiarch.audit.macho import MAGIC_64, BadSignature, read_macho
from hatch_multiarch.audit.pe import read_pe
from hatch_multiarch.audit.universal import FAT, read_fat
from hatch_multiarch.errors import AuditError

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache

FORMAT = 7
"""Counted up when the same binary gives other facts than before."""


def runs_on(magic: bytes, system: str) -> bool:
    """Tell from its first four bytes whether a file is native code of *system*, an OCI os."""
    if system == "linux":
        return magic == b"\x7fELF"
    if system == "windows":
        return magic[:2] == b"MZ"
    return int.from_bytes(magic, "big") in FAT or int.from_bytes(magic, "little") == MAGIC_64


def read(path: Path, architecture: str = "") -> BinaryInfo:
    """Return what the executable at *path* says of itself.

    *architecture*, as OCI names it, chooses the part of a universal Mach-O file that counts;
    ``universal2`` are both.
    Raises AuditError when it is not a regular file (a link is not followed) or not an executable
    of a known format, also when it is cut off or contradicts itself.
    """
    try:
        return _read(path, architecture)
    except OSError as error:
        raise AuditError(f"{path.name} cannot be read: {error.strerror}") from error
    except BadSignature as error:
        raise AuditError(
            f"{path.name} would not start on macOS: {error}",
            advice="change it before it is signed, or sign it again: `codesign --sign - FILE`",
        ) from error
    except Malformed as error:
        raise AuditError(f"{path.name} is not an executable: {error}") from error
    except Exception as error:  # whatever a parser makes of a malicious file is its fault
        reason = f"{type(error).__name__}: {error}"
        raise AuditError(f"{path.name} is not a well-formed executable ({reason})") from error


def _read(path: Path, architecture: str) -> BinaryInfo:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Malformed("it is not a regular file (links are not followed)")
    with path.open("rb") as file:
        magic = file.read(4)
        window = Window(file)
        if magic == b"\x7fELF":
            from hatch_multiarch.audit.elf import read_elf  # noqa: PLC0415 - imports elftools

            return read_elf(file)
        if int.from_bytes(magic, "little") == MAGIC_64:
            return read_macho(window)
        if magic[:2] == b"MZ":
            return read_pe(window)
        if int.from_bytes(magic, "big") in FAT:
            return read_fat(window, architecture)
    raise Malformed("it is not an ELF, Mach-O or PE file")


def read_cached(path: Path, sha256: str, cache: BuildCache, architecture: str = "") -> BinaryInfo:
    """Return the facts of the executable *path*, whose digest is *sha256* (hex), as ``read`` does.

    Raises what ``read`` raises.
    """
    inputs = (sha256, __version__, FORMAT, architecture)
    told = cache.recall("facts", *inputs)
    if told is not None:
        return load(told)
    facts = read(path, architecture)
    cache.note(asdict(facts), "facts", *inputs)
    return facts


def load(told: dict[str, Any]) -> BinaryInfo:
    """Return the facts that ``asdict`` and JSON made *told* of."""
    go = told["go"]
    build = None
    if go is not None:
        build = GoBuild(
            go["version"],
            go["path"],
            go["settings"],
            tuple(tuple(each) for each in go["modules"]),
            tuple(go["main"]),
            {path: tuple(each) for path, each in go["replaced"].items()},
        )
    plain: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in told.items()
    }
    plain["go"] = build
    plain["parts"] = tuple(load(each) for each in told["parts"])
    return BinaryInfo(**plain)
