"""The helpers in an image, in a file or pushed, at the paths of the report."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.files import temporary
from hatch_multiarch.image.inspect import inspect_archive, open_image
from hatch_multiarch.image.inspect.describe import describe
from hatch_multiarch.image.inspect.registry import opened
from hatch_multiarch.oci.layer_reader import layer_files
from hatch_multiarch.registry import Cache, RegistrySource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from hatch_multiarch.image.inspect import PlatformImage
    from hatch_multiarch.oci.descriptor import Descriptor

    Key = tuple[str, str]
    """Platform, helper."""


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
