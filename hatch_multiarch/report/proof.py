"""The proof that wheels and image hold the same bytes, read from the finished files.

The hashes are not copied from what the build remembers. A wheel is opened as a zip; the image is
walked as a client walks it (OCI image-spec 1.1: index, manifest, layer), every blob checked
against its digest on the way.

What a compressed member or layer holds is found out by unpacking it, once: what came out is noted
in the cache by the sha256 of the compressed bytes. The next proof reads and hashes those bytes in
the finished file, and unpacks only what no proof has unpacked before.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hatch_multiarch.errors import AuditError
from hatch_multiarch.process import processors
from hatch_multiarch.report.report_model import ProofRecord
from hatch_multiarch.report.wheel_proof import UNREADABLE, in_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.image.built import BuiltImage
    from hatch_multiarch.report.report_model import ImagePlace, WheelPlace
    from hatch_multiarch.wheel import BuiltWheel


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
