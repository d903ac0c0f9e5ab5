"""One platform of an archive as an archive of its own, which any docker loads.

Docker's containerd store reads ``index.json`` and its older store ``manifest.json``; both are
written, and both give the image the same new name, so that loading it replaces no image.
"""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

from hatch_multiarch.oci.media_types import INDEX
from hatch_multiarch.oci.store import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.inspect.archive import Archive
    from hatch_multiarch.inspect.records import Manifest


def portion(archive: Archive, manifest: Manifest, name: str) -> Iterator[bytes]:
    """Return the bytes of a tar archive of *manifest* alone, called *name* (``NAME:TAG``).

    Raises ImageError when the archive breaks off on the way.
    """
    blobs = [manifest.config, *(layer.digest for layer in manifest.layers)]
    if manifest.digest:
        blobs.append(manifest.digest)
        yield from _small("oci-layout", {"imageLayoutVersion": "1.0.0"})
        yield from _small("index.json", _index(archive, manifest, name))
    # Behind gzip, a step back in the archive would unpack all anew.
    for digest in sorted(set(blobs), key=lambda digest: archive.store.order(archive.place(digest))):
        yield from _file(archive, digest)
    saved = {
        "Config": _blob(manifest.config),
        "RepoTags": [name],
        "Layers": [_blob(layer.digest) for layer in manifest.layers],
    }
    yield from _small("manifest.json", [saved])
    yield bytes(2 * BLOCK)


def _index(archive: Archive, manifest: Manifest, name: str) -> dict[str, object]:
    os, architecture, *variant = manifest.platform.split("/")
    platform = {"os": os, "architecture": architecture}
    if variant:
        platform["variant"] = variant[0]
    entry = {
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": archive.size(manifest.digest),
        "platform": platform,
        "annotations": {
            "io.containerd.image.name": f"docker.io/library/{name}",
            "org.opencontainers.image.ref.name": name.partition(":")[2],
        },
    }
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}


def _small(name: str, document: object) -> Iterator[bytes]:
    data = json.dumps(document).encode()
    yield from _entry(name, len(data), iter([data]))


def _file(archive: Archive, digest: str) -> Iterator[bytes]:
    chunks = archive.store.chunks(archive.place(digest))
    yield from _entry(_blob(digest), archive.size(digest), chunks)


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _entry(name: str, size: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    header = tarfile.TarInfo(name)
    header.size = size
    yield header.tobuf(tarfile.USTAR_FORMAT)
    yield from chunks
    yield bytes(-size % BLOCK)
