"""The proof that wheels and image hold the same bytes, read from the finished files.

The hashes are not copied from what the build remembers. A wheel is opened as a zip; the image is
walked as a client walks it (OCI image-spec 1.1: index, manifest, layer), every blob checked
against its digest on the way.

What a compressed member or layer holds is found out by unpacking it, once: what came out is noted
in the cache by the sha256 of the compressed bytes. The next proof reads and hashes those bytes in
the finished file, and unpacks only what no proof has unpacked before.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hatch_multiarch.errors import AuditError
from hatch_multiarch.files import hashed
from hatch_multiarch.process import processors
from hatch_multiarch.report.report_model import ProofRecord, WheelPlace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.image.built import BuiltImage
    from hatch_multiarch.report.report_model import ImagePlace
    from hatch_multiarch.wheel import BuiltWheel

UNREADABLE = (KeyError, EOFError, zipfile.BadZipFile, zlib.error)
"""What reading a zip file that is damaged raises."""
CHUNK = 1 << 20
HEADER = struct.Struct("<4s5H3I2H")
"""The header of a member (APPNOTE 4.3.7): the last two numbers are lengths of what follows."""
DESCRIPTOR, ZIP64 = 8, 0xFFFFFFFF
"""A flag, and a size: then sizes and CRC stand elsewhere (APPNOTE 4.4.4, 4.5.3)."""


def prove(
    binaries: Sequence[Binary],
    wheels: Sequence[BuiltWheel],
    image: BuiltImage | None,
    cache: BuildCache,
) -> tuple[ProofRecord, ...]:
    """Return where each of *binaries* ships, in their order; *cache* knows what was unpacked.

    Raises AuditError when a wheel or the image holds other bytes than those that were built.
    """
    in_wheels = _in_wheels(wheels, cache)
    in_layers = {} if image is None else _in_layers(image, binaries, cache)
    records = []
    for binary in binaries:
        helper, platform = binary.unit.helper.name, binary.unit.platform.name
        packed, layered = in_wheels.get((helper, platform)), in_layers.get(binary.unit.id)
        for found in (packed, layered):
            if found is not None and found[0] != binary.sha256:
                place = " ".join(vars(found[1]).values())
                raise _unequal(
                    f"{binary.unit.id}: sha256 is {found[0]} in {place}, "
                    f"but {binary.sha256} was built"
                )
        records.append(
            ProofRecord(
                helper=helper,
                platform=platform,
                sha256=binary.sha256,
                wheel=packed[1] if packed else None,
                image=layered[1] if layered else None,
            )
        )
    return tuple(records)


def _in_wheels(
    wheels: Sequence[BuiltWheel], cache: BuildCache
) -> dict[tuple[str, str], tuple[str, WheelPlace]]:
    """Return (helper, platform) -> sha256 found there, and where that is."""

    def find(wheel: BuiltWheel, member: str) -> tuple[str, WheelPlace]:
        try:
            return in_wheel(wheel.path, member, cache)
        except UNREADABLE as error:
            raise _unequal(f"{wheel.path.name}: {member} cannot be read: {error}") from error

    with ThreadPoolExecutor(processors()) as pool:
        found = {
            (helper, wheel.platform): pool.submit(find, wheel, member)
            for wheel in wheels
            for helper, member in wheel.members.items()
        }
        return {key: each.result() for key, each in found.items()}


def _in_layers(
    image: BuiltImage, binaries: Sequence[Binary], cache: BuildCache
) -> Mapping[str, tuple[str, ImagePlace]]:
    """Return id of a unit -> sha256 found there, and where that is."""
    from hatch_multiarch.report.image_proof import Unequal, in_image  # noqa: PLC0415 - few need it

    try:
        return in_image(image, binaries, cache)
    except Unequal as error:
        raise _unequal(str(error)) from error


def _unequal(message: str) -> AuditError:
    return AuditError(
        message,
        advice="something changed it after it was written: check what else writes there, "
        "and build again",
    )


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
