"""Reads every blob of an image in a file or folder, and compares it with the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.inspect import check, inspect_archive, open_image
from hatch_multiarch.oci.layer_reader import layer_files
from hatch_multiarch.verify.outcome import Check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_multiarch.image.inspect import Image, PlatformImage
    from hatch_multiarch.oci.open import ImageFile
    from hatch_multiarch.report.report_model import ImageRecord, ManifestRecord
    from hatch_multiarch.verify.report_check import Shipped


def check_image(path: Path, shipped: Shipped | None) -> Check:
    """Return whether each blob of the image *path* is what its digest says.

    Where it is the one that the report gives digests of, it is compared with these too.
    """
    told = shipped.image_in(path) if shipped is not None else None
    try:
        with open_image(path) as archive:
            inspected = inspect_archive(archive)
            count = check(archive, inspected)
            problem = _differs(archive, inspected.images, told) if told is not None else ""
    except ImageError as error:
        first, *more = error.message.splitlines()
        said = first.removeprefix(f"{path}: ") + (f" (and {len(more)} more)" if more else "")
        return Check("digests", "failed", said)
    return Check("digests", "failed" if problem else "ok", problem or f"{count} blobs")


def _differs(archive: ImageFile, images: Sequence[Image], told: ImageRecord) -> str:
    """Return in what *images* differ from the image of the report, or nothing."""
    digests = [each.digest for each in images]
    if digests != [told.digest]:
        found = ", ".join(filter(None, digests)) or "none"
        return f"the report names {told.digest}, the image is {found}"
    [image] = images
    wanted = {each.digest: each for each in told.manifests}
    for each in image.manifests:
        if each.digest not in wanted:
            return f"the report does not list {each.digest}, which the image has"
        if problem := _platform(archive, each, wanted.pop(each.digest)):
            return f"{each.platform}: {problem}"
    return f"the report lists {next(iter(wanted))}, which is not in the image" if wanted else ""


def _platform(archive: ImageFile, found: PlatformImage, told: ManifestRecord) -> str:
    layers = [(each.digest, each.size) for each in found.layers]
    if (found.platform, found.size) != (told.platform, told.size):
        return f"the report says {told.platform}, {told.size} bytes; it has {found.size}"
    if layers != [(each.digest, each.size) for each in told.layers]:
        return "the report lists other layers"
    files: dict[str, str] = {}
    for layer, record in zip(found.layers, told.layers, strict=True):
        if not record.base:
            files |= layer_files(archive, layer)
    odd = sorted(path for path, _ in files.items() ^ told.files.items())
    return f"/{odd[0]} is not what the report says" if odd else ""
