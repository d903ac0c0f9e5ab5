"""Reads an image: every blob, for the comparison with the report; and the helpers in it.

The image is in a file or folder; the helpers also in a pushed one, at the paths of the report.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.files import temporary
from hatch_multiarch.image.inspect import check, inspect_archive, open_image
from hatch_multiarch.image.inspect.describe import describe
from hatch_multiarch.image.inspect.inspect_image import opened
from hatch_multiarch.oci.layer_reader import layer_files
from hatch_multiarch.registry import Cache, RegistrySource
from hatch_multiarch.verify.outcome import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.image.inspect import Image, PlatformImage
    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.open import ImageFile
    from hatch_multiarch.report.report_model import ImageRecord, ManifestRecord
    from hatch_multiarch.verify.report_check import Shipped

    Key = tuple[str, str]
    """Platform, helper."""


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


def in_file(path: Path, places: Mapping[Key, str]) -> dict[Key, str]:
    """Return the sha256 of each helper in the archive or layout *path*; a missing one is left out.

    *places* are their paths in the image. Raises ImageError when it cannot be read.
    """
    try:
        with open_image(path) as archive:
            found = [each for image in inspect_archive(archive).images for each in image.manifests]
            return _held(found, places, partial(layer_files, archive))
    except OSError as error:
        raise ImageError(f"{path.name} cannot be read: {error}") from None


def in_registry(
    reference: str, places: Mapping[Key, str], environ: Mapping[str, str]
) -> dict[Key, str]:
    """Return the same of the pushed image *reference*.

    Only layers that hold helpers, and those above them, are downloaded, and past the cache: what
    counts is what the registry has. Raises RegistryError when it does not give it, and ImageError
    when what it gives is no such image.
    """
    with (
        temporary() as folder,
        opened(reference, environ, Cache(folder)) as puller,
    ):
        source = RegistrySource(puller, reference)
        image = describe(source.root, (reference,), source)
        try:
            return _held(image.manifests, places, partial(layer_files, source))
        except OSError as error:
            raise ImageError(f"{reference} cannot be read: {error}") from None


def _held(
    manifests: Iterable[PlatformImage],
    places: Mapping[Key, str],
    files: Callable[[Descriptor], Mapping[str, str]],
) -> dict[Key, str]:
    """Return the helpers; the uppermost layer that has a path has the file."""
    found: dict[Key, str] = {}
    for each in manifests:
        wanted = {path: key for key, path in places.items() if key[0] == each.platform}
        for layer in reversed(each.layers):
            if not wanted:
                break
            held = files(layer)
            for path in wanted.keys() & held.keys():
                found[wanted.pop(path)] = held[path]
    return found
