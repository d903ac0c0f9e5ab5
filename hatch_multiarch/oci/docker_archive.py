"""Archives of ``docker save`` (Docker Image Specification v1.2, "Combined Image JSON").

Those of today hold an OCI layout as well, and are read as that; here are the older ones, which have
a config and uncompressed layers, and no manifest. What is written has both: docker's containerd
store reads ``index.json``, its older store ``manifest.json``, and they name the same blobs.
"""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.archive_writer import blob_file, json_file, layout_archive, layout_files
from hatch_multiarch.oci.descriptor import Descriptor, parse_platform
from hatch_multiarch.oci.documents import parse, rows, table, text
from hatch_multiarch.oci.layout_source import ArchiveSource
from hatch_multiarch.oci.manifest import diff_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MANIFEST_JSON = "manifest.json"


@dataclass(frozen=True)
class SavedImage:
    """One image of an older archive."""

    names: tuple[str, ...]
    platform: str
    """OCI platform, normalised."""
    config: Descriptor
    layers: tuple[Descriptor, ...]
    """By the digests of their tar files, which are stored as they are."""


class DockerArchiveSource(ArchiveSource):
    """The images of an archive that has no ``index.json``."""

    kind = "docker-archive"

    def images(self) -> list[SavedImage]:
        """Read ``manifest.json``: configs and layers by file name. Raises ImageError."""
        where = f"{self.source}: {MANIFEST_JSON}"
        listed = rows(parse(self.small(MANIFEST_JSON), where), where)
        if not listed:
            raise ImageError(f"{where}: it contains no image")
        return [self._image(each, f"{where}[{at}]") for at, each in enumerate(listed)]

    def _image(self, value: Any, where: str) -> SavedImage:
        found = table(value, where)
        name = text(found.get("Config"), f"{where}.Config")
        data = self.small(name)
        digits = hashlib.sha256(data).hexdigest()
        if posixpath.basename(name).removesuffix(".json") != digits:
            raise ImageError(f"{self.source}: {name}: the bytes don't match this digest")
        config = Descriptor("", f"sha256:{digits}", len(data))
        self.paths[config.digest] = name
        document = table(parse(data, f"{self.source}: {name}"), f"{self.source}: {name}")
        tags = rows(found.get("RepoTags"), f"{where}.RepoTags")
        return SavedImage(
            tuple(text(tag, f"{where}.RepoTags") for tag in tags),
            parse_platform(document, f"{self.source}: {name}"),
            config,
            self._layers(rows(found.get("Layers"), f"{where}.Layers"), document, where),
        )

    def _layers(
        self, files: list[Any], config: dict[str, Any], where: str
    ) -> tuple[Descriptor, ...]:
        """Pair the files of the layers with their digests, which stand in the config."""
        digests = diff_ids(config, where)
        if len(digests) != len(files):
            raise ImageError(f"{where}: {len(files)} layers, but the config has {len(digests)}")
        layers = []
        for at, (file, digest) in enumerate(zip(files, digests, strict=True)):
            name = text(file, f"{where}.Layers[{at}]")
            size = self.store.size(name)
            if size is None:
                raise ImageError(f"{self.source}: {name} is missing")
            self.paths[digest] = name
            layers.append(Descriptor("", digest, size))
        return tuple(layers)


def docker_archive(
    source: ArchiveSource,
    config: Descriptor,
    layers: Sequence[Descriptor],
    names: Sequence[str],
    *,
    manifest: Descriptor | None,
    index: Mapping[str, object] | None,
    epoch: int,
    order: Callable[[str], object] | None = None,
) -> Iterator[bytes]:
    """Yield an archive of one platform's image, called *names* (``NAME:TAG``).

    *index* is its ``index.json``, which names *manifest*; without both it is one of the older
    kind. *epoch* (seconds) is every time in it. *order* is a key by which blobs are read, where
    their order matters. Raises ImageError when a blob is not what its digest says.
    """
    blobs = {each.digest: each for each in (config, *layers, *([manifest] if manifest else []))}
    saved = {
        "Config": config.path,
        "RepoTags": list(names),
        "Layers": [each.path for each in layers],
    }
    files = {each.path: blob_file(source, each) for each in blobs.values()}
    files[MANIFEST_JSON] = json_file([saved])
    if index is not None:
        files |= layout_files(index)
    paths = {each.path: digest for digest, each in blobs.items()}
    key = None if order is None else lambda path: order(paths[path]) if path in paths else -1
    return layout_archive(files, epoch=epoch, order=key)
