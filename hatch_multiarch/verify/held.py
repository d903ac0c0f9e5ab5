"""The helpers that an image holds, where the report says that they are: in a file, or pushed."""

from __future__ import annotations

import tarfile
import tempfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.inspect import open_archive
from hatch_multiarch.inspect.registry import Registry, opened
from hatch_multiarch.inspect.walk import walk
from hatch_multiarch.oci.blobs import Blobs
from hatch_multiarch.registry import Blob, Cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hatch_multiarch.inspect import Layer, Manifest

    Key = tuple[str, str]
    """Platform, helper."""

_UNREADABLE = (KeyError, OSError, ValueError, EOFError, tarfile.TarError, zlib.error)


def in_file(path: Path, places: Mapping[Key, str]) -> dict[Key, str]:
    """Return the sha256 of each helper in the archive or layout *path*; a missing one is left out.

    *places* are their paths in the image. Raises ImageError when it cannot be read.
    """
    try:
        with open_archive(path) as archive, closing(Blobs(path)) as blobs:
            found = [each for image in archive.inspected().images for each in image.manifests]
            return _held(found, places, lambda layer: blobs.layer(layer.digest))
    except _UNREADABLE as error:
        raise ImageError(f"{path.name} cannot be read: {error}") from None


def in_registry(
    reference: str, places: Mapping[Key, str], environ: Mapping[str, str]
) -> dict[Key, str]:
    """Return the same of the pushed image *reference*.

    Only layers that hold helpers, and those above them, are downloaded, and past the cache: what
    counts is what the registry has. Raises RegistryError when it does not give it, and ImageError
    when what it gives is no such image.
    """

    def layer(wanted: Layer) -> dict[str, str]:
        puller.fetch([Blob(wanted.digest, wanted.size)])
        return Blobs(cache.folder).layer(wanted.digest)

    with (
        tempfile.TemporaryDirectory(prefix="hatch-multiarch-") as folder,
        opened(reference, environ, cache := Cache(Path(folder))) as puller,
    ):
        registry = Registry(puller, reference)
        image = walk(registry.root(), (reference,), registry)
        try:
            return _held(image.manifests, places, layer)
        except _UNREADABLE as error:
            raise ImageError(f"{reference} cannot be read: {error}") from None


def _held(
    manifests: Iterable[Manifest],
    places: Mapping[Key, str],
    files: Callable[[Layer], Mapping[str, str]],
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
