"""The proof that wheels and image hold the same bytes: open what was finished, and look.

The hashes are not copied from what the build remembers. A wheel is opened as a zip; the image is
walked as a client walks it (OCI image-spec 1.1: index, manifest, layer), every blob checked
against its digest on the way.

What a compressed member or layer holds is found out by unpacking it, once: what came out is noted
in the cache by the sha256 of the compressed bytes. The next proof reads and hashes those bytes in
the finished file, and unpacks only what no proof has unpacked before.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tarfile
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

from hatch_multiarch.errors import AuditError, ImageError
from hatch_multiarch.image.blobs import CHUNK, Blobs, drain, platform_manifests
from hatch_multiarch.image.layers import helper_path
from hatch_multiarch.image.stream import Source
from hatch_multiarch.process import processors
from hatch_multiarch.report.records import ImagePlace, ProofRecord, WheelPlace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hatch_multiarch.build_cache import BuildCache
    from hatch_multiarch.engine.base import Binary
    from hatch_multiarch.image import BuiltImage
    from hatch_multiarch.wheel import BuiltWheel

HEADER = struct.Struct("<4s5H3I2H")
"""The header of a member (APPNOTE 4.3.7): the last two numbers are lengths of what follows."""
DESCRIPTOR, ZIP64 = 8, 0xFFFFFFFF
"""A flag, and a size: then sizes and CRC stand elsewhere (APPNOTE 4.4.4, 4.5.3)."""
UNREADABLE = (KeyError, OSError, ValueError, EOFError, tarfile.TarError, zlib.error)
"""What reading an image that is damaged raises."""

Places = dict[tuple[str, str], tuple[str, ImagePlace]]
"""(platform, path in the image) -> sha256 found there, and where that is."""


def prove(
    binaries: Iterable[Binary],
    wheels: Sequence[BuiltWheel],
    image: BuiltImage | None,
    cache: BuildCache,
) -> tuple[ProofRecord, ...]:
    """Return where each of *binaries* ships, in their order; *cache* knows what was unpacked.

    Raises AuditError when a wheel or the image holds other bytes than those that were built.
    """
    members = [
        (helper, wheel, member) for wheel in wheels for helper, member in wheel.members.items()
    ]
    with ThreadPoolExecutor(processors()) as pool:
        found_in = pool.map(lambda each: _member(each[1].path, each[2], cache), members)
        in_image = _image(image, cache) if image is not None else {}
        in_wheels = {
            (helper, wheel.platform): place
            for (helper, wheel, _), place in zip(members, found_in, strict=True)
        }
    placed = {each.platform.name: each.helpers for each in (image.platforms if image else ())}
    records = []
    for binary in binaries:
        helper, platform = binary.unit.helper.name, binary.unit.platform.name
        in_wheel = in_wheels.get((helper, platform))
        path = placed.get(platform, {}).get(helper, helper_path(binary.unit))
        in_layer = in_image.get((platform, path))
        for found in (in_wheel, in_layer):
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
                wheel=in_wheel[1] if in_wheel else None,
                image=in_layer[1] if in_layer else None,
            )
        )
    return tuple(records)


def _member(wheel: Path, member: str, cache: BuildCache) -> tuple[str, WheelPlace]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            packed = _packed(wheel, archive.getinfo(member))
            told = cache.recall("member", packed)
            if told is None:
                with archive.open(member) as file:
                    told = drain(Source(file))  # type: ignore[arg-type]
                cache.note(told, "member", packed)
    except (KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _unequal(f"{wheel.name}: {member} cannot be read: {error}") from error
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


def _image(image: BuiltImage, cache: BuildCache) -> Places:
    """Read every output of *image*; they hold the same, so the last one's places stand for all."""
    places: Places = {}
    for output in image.proven:
        places = _output(output, image, cache)
    return places


def _output(output: Path, image: BuiltImage, cache: BuildCache) -> Places:
    try:
        with closing(Blobs(output)) as blobs:
            return _walk(blobs, image, cache)
    except (*UNREADABLE, ImageError) as error:
        raise _unequal(f"{output.name} is not the image that was built: {error}") from error


def _walk(blobs: Blobs, image: BuiltImage, cache: BuildCache) -> Places:
    with blobs.open("index.json") as file:
        top = json.load(file)
    if {each["digest"] for each in top["manifests"]} != {image.digest}:
        raise ValueError(f"its index.json does not name {image.digest}")
    if platform_manifests(blobs, image.digest) != [each.digest for each in image.platforms]:
        raise ValueError(f"index {image.digest} does not name the manifests that were built")
    places: Places = {}
    for built in image.platforms:
        files: dict[str, str] = {}
        layers = blobs.document(built.digest)["layers"]
        for layer in layers[: built.base_layers]:
            blobs.check(layer["digest"])
        for layer in layers[built.base_layers :]:
            for path, found in _layer(blobs, layer["digest"], cache).items():
                files[path] = found
                place = ImagePlace(built.digest, layer["digest"], path)
                places[built.platform.name, path] = found, place
        if files != built.files:
            raise ValueError(f"the layers of {built.platform.name} hold {files}, not {built.files}")
    return places


def _layer(blobs: Blobs, digest: str, cache: BuildCache) -> dict[str, str]:
    """Return path -> sha256 of the files in a layer, whose bytes are those of its digest."""
    told: dict[str, str] | None = cache.recall("files of layer", digest)
    if told is not None:
        blobs.check(digest)
        return told
    found = blobs.layer(digest)
    cache.note(found, "files of layer", digest)
    return found


def _unequal(message: str) -> AuditError:
    return AuditError(
        message,
        advice="something changed it after it was written: see what else writes there, "
        "and build again",
    )
