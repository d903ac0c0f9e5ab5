"""The proof of the wheels: members are read from the finished zip files."""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from hatch_multiarch.files import hashed
from hatch_multiarch.report.report_model import WheelPlace

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache

UNREADABLE = (KeyError, EOFError, zipfile.BadZipFile, zlib.error)
"""What reading a zip file that is damaged raises."""
CHUNK = 1 << 20
HEADER = struct.Struct("<4s5H3I2H")
"""The header of a member (APPNOTE 4.3.7): the last two numbers are lengths of what follows."""
DESCRIPTOR, ZIP64 = 8, 0xFFFFFFFF
"""A flag, and a size: then sizes and CRC stand elsewhere (APPNOTE 4.4.4, 4.5.3)."""


def in_wheel(wheel: Path, member: str, cache: BuildCache) -> tuple[str, WheelPlace]:
    """Return the sha256 (hex) of the content of *member*, and where that is.

    Raises one of UNREADABLE.
    """
    with zipfile.ZipFile(wheel) as archive:
        packed = _packed(wheel, archive.getinfo(member))
        told: str | None = cache.recall("member", packed)
        if told is None:
            with archive.open(member) as file:
                told = hashed(file)[0]
            cache.note(told, "member", packed)
    return told, WheelPlace(wheel.name, member)


def _packed(wheel: Path, info: zipfile.ZipInfo) -> list[object]:
    """Return what the content of a member follows from: how it is compressed, and to which bytes.

    Raises BadZipFile when the header before those bytes (APPNOTE 4.3.7) does not say what the
    directory of the zip says.
    """
    digest, left = hashlib.sha256(), info.compress_size
    with wheel.open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(HEADER.size)
        if len(header) < HEADER.size or not header.startswith(b"PK\3\4"):
            raise zipfile.BadZipFile("it has no local header")
        _, _, flags, method, _, _, *sizes, name, extra = HEADER.unpack(header)
        later = flags & DESCRIPTOR or ZIP64 in sizes
        if (flags, method) != (info.flag_bits, info.compress_type) or not (
            later or sizes == [info.CRC, info.compress_size, info.file_size]
        ):
            raise zipfile.BadZipFile("its local header and the directory differ")
        file.seek(name + extra, os.SEEK_CUR)
        while left and (data := file.read(min(CHUNK, left))):
            digest.update(data)
            left -= len(data)
    if left:
        raise EOFError("it is cut short")
    return [info.compress_type, info.CRC, info.file_size, digest.hexdigest()]
