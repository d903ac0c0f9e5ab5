"""The proof of the image: every output is opened and its layers are read."""

from __future__ import annotations

import tarfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.items import helper_path
from hatch_multiarch.oci.layer_reader import layer_files
from hatch_multiarch.oci.open import open_layout
from hatch_multiarch.oci.walk import Walk, attests
from hatch_multiarch.process import processors
from hatch_multiarch.report.report_model import ImagePlace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.image.built import BuiltImage, BuiltPlatform
    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.layout_source import LayoutSource

UNREADABLE = (KeyError, OSError, ValueError, EOFError, tarfile.TarError, zlib.error)
"""What reading an image that is damaged raises."""

Places = dict[tuple[str, str], tuple[str, ImagePlace]]
"""(platform, path in the image) -> sha256 found there, and where that is."""


class Unequal(Exception):  # noqa: N818 - it says what differs
    """An output is not the image that was built."""


def in_image(
    image: BuiltImage, binaries: Iterable[Binary], cache: BuildCache
) -> dict[str, tuple[str, ImagePlace]]:
    """Return where the image has *binaries*: id of a unit -> sha256 (hex), and the place.

    Every output is read; they contain the same, so the last one's places stand for all. Raises
    Unequal.
    """
    places: Places = {}
    for output in image.proven:
        places = _output(output, image, cache)
    told = {each.platform.name: each.helpers for each in image.platforms}
    found = {}
    for unit in (binary.unit for binary in binaries):
        platform = unit.platform.name
        path = told.get(platform, {}).get(unit.helper.name, helper_path(unit))
        if (platform, path) in places:
            found[unit.id] = places[platform, path]
    return found


def _output(output: Path, image: BuiltImage, cache: BuildCache) -> Places:
    try:
        with open_layout(output) as source:
            _check_top(source, image)
        with ThreadPoolExecutor(processors()) as pool:
            found = list(pool.map(lambda each: _platform(output, each, cache), image.platforms))
    except (*UNREADABLE, ImageError) as error:
        raise Unequal(f"{output.name} is not the image that was built: {error}") from error
    return {key: place for places in found for key, place in places.items()}


def _check_top(source: LayoutSource, image: BuiltImage) -> None:
    roots = [each for each, _ in source.roots()]
    if {each.digest for each in roots} != {image.digest}:
        raise ValueError(f"its index.json does not name {image.digest}")
    manifests = [each.digest for each in Walk(source).manifests(roots) if not attests(each)]
    if manifests != [each.digest for each in image.platforms]:
        raise ValueError(f"index {image.digest} does not name the manifests that were built")


def _platform(output: Path, built: BuiltPlatform, cache: BuildCache) -> Places:
    places: Places = {}
    files: dict[str, str] = {}
    with open_layout(output) as source:  # its own: several threads cannot read from one
        manifest = Walk(source).manifest(source.describe(built.digest))
        layers = manifest.layers if manifest else ()
        for layer in layers[: built.base_layers]:
            source.open(layer).drain()
        for layer in layers[built.base_layers :]:
            for path, found in _layer(source, layer, cache).items():
                files[path] = found
                place = ImagePlace(built.digest, layer.digest, path)
                places[built.platform.name, path] = found, place
    if files != built.files:
        raise ValueError(f"the layers of {built.platform.name} contain {files}, not {built.files}")
    return places


def _layer(source: LayoutSource, layer: Descriptor, cache: BuildCache) -> dict[str, str]:
    """Return path -> sha256 of the files in a layer, whose bytes are those of its digest."""
    told: dict[str, str] | None = cache.recall("files of layer", layer.digest)
    if told is not None:
        source.open(layer).drain()
        return told
    found = layer_files(source, layer)
    cache.note(found, "files of layer", layer.digest)
    return found
