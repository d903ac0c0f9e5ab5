"""The proof that wheels and image hold the same bytes: open what was finished, and look.

The hashes are not copied from what the build remembers. A wheel is opened as a zip; the image is
walked as a client walks it (OCI image-spec 1.1: index, manifest, layer), every blob checked
against its digest on the way.
"""

from __future__ import annotations

import json
import tarfile
import zipfile
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

from hatch_multiarch.errors import AuditError
from hatch_multiarch.image.blobs import Blobs, drain, platform_manifests
from hatch_multiarch.image.layers import helper_path
from hatch_multiarch.image.stream import Source
from hatch_multiarch.report.records import ImagePlace, ProofRecord, WheelPlace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hatch_multiarch.engine.base import Binary
    from hatch_multiarch.image import BuiltImage
    from hatch_multiarch.wheel import BuiltWheel

Places = dict[tuple[str, str], tuple[str, ImagePlace]]
"""(platform, path in the image) -> sha256 found there, and where that is."""


def prove(
    binaries: Iterable[Binary], wheels: Sequence[BuiltWheel], image: BuiltImage | None
) -> tuple[ProofRecord, ...]:
    """Return where each of *binaries* ships, in their order.

    Raises AuditError when a wheel or the image holds other bytes than those that were built.
    """
    in_wheels = {
        (helper, wheel.platform): _member(wheel.path, member)
        for wheel in wheels
        for helper, member in wheel.members.items()
    }
    in_image = _image(image) if image is not None else {}
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


def _member(wheel: Path, member: str) -> tuple[str, WheelPlace]:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as file:
            return drain(Source(file)), WheelPlace(wheel.name, member)  # type: ignore[arg-type]
    except (KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _unequal(f"{wheel.name}: {member} cannot be read: {error}") from error


def _image(image: BuiltImage) -> Places:
    """Read every output of *image*; they hold the same, so the last one's places stand for all."""
    places: Places = {}
    for output in image.proven:
        places = _output(output, image)
    return places


def _output(output: Path, image: BuiltImage) -> Places:
    try:
        with closing(Blobs(output)) as blobs:
            return _walk(blobs, image)
    except (KeyError, OSError, ValueError, EOFError, tarfile.TarError, zlib.error) as error:
        raise _unequal(f"{output.name} is not the image that was built: {error}") from error


def _walk(blobs: Blobs, image: BuiltImage) -> Places:
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
            for path, found in blobs.layer(layer["digest"]).items():
                files[path] = found
                place = ImagePlace(built.digest, layer["digest"], path)
                places[built.platform.name, path] = found, place
        if files != built.files:
            raise ValueError(f"the layers of {built.platform.name} hold {files}, not {built.files}")
    return places


def _unequal(message: str) -> AuditError:
    return AuditError(
        message,
        advice="something changed it after it was written: see what else writes there, "
        "and build again",
    )
