"""Reading an image back: the blobs of an OCI layout, each checked against its digest."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from typing import TYPE_CHECKING, Any, BinaryIO

from hatch_multiarch.oci.layer_reader import unpacked
from hatch_multiarch.oci.tar_writer import Source

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 20
ATTESTATION = "vnd.docker.reference.type"
"""Annotation of a manifest in an index that is no image (BuildKit, attestation-storage.md)."""

_FILE = re.compile(r"oci-layout|index\.json|blobs/sha256/[0-9a-f]{64}")


def platform_manifests(blobs: Blobs, digest: str) -> list[str]:
    """Return the digests of the platforms' manifests in the index *digest*, in its order.

    An image of one platform may come without an index; its manifest is the one, then.
    """
    top = blobs.document(digest)
    if "manifests" not in top:
        return [digest]
    return [
        each["digest"]
        for each in top["manifests"]
        if ATTESTATION not in each.get("annotations", {})
    ]


def unpack(archive: Path, folder: Path) -> None:
    """Write what is in the OCI layout *archive* to the new *folder*. Raises ValueError for more."""
    with tarfile.TarFile(archive) as tar:
        for entry in tar:
            if entry.isdir():
                continue
            file = tar.extractfile(entry)
            if file is None or not _FILE.fullmatch(entry.name):
                raise ValueError(f"{entry.name} is no file of an OCI layout")
            path = folder / entry.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as copy:
                shutil.copyfileobj(file, copy, CHUNK)


class Blobs:
    """The files of an OCI layout (image-layout.md), be it a folder or an archive."""

    def __init__(self, output: Path) -> None:
        self._folder = output
        self._archive = None if output.is_dir() else tarfile.TarFile(output)

    def close(self) -> None:
        """Close the archive."""
        if self._archive is not None:
            self._archive.close()

    def open(self, path: str) -> BinaryIO:
        """Open a file of the layout; raises KeyError or OSError when there is none."""
        if self._archive is None:
            return (self._folder / path).open("rb")
        file = self._archive.extractfile(path)
        if file is None:
            raise ValueError(f"{path} is not a file")
        return file  # type: ignore[return-value] # an IO[bytes] that reads and closes

    def document(self, digest: str) -> Any:
        """Return the JSON blob *digest*."""
        return json.loads(self.read(digest))

    def read(self, digest: str) -> bytes:
        """Return the small blob *digest*. Raises ValueError when it is another."""
        with self._blob(digest) as file:
            source = Source(file)
            data = source.read(-1)
        _check(digest, source.sha256)
        return data

    def check(self, digest: str) -> None:
        """Read the blob *digest* to its end. Raises ValueError when it is another."""
        with self._blob(digest) as file:
            _check(digest, drain(Source(file)))

    def layer(self, digest: str) -> dict[str, str]:
        """Return path -> sha256 of the regular files in the layer *digest*.

        Raises ImageError when it cannot be unpacked, and ValueError when it is another.
        """
        found = {}
        with self._blob(digest) as file:
            source = Source(file)
            with unpacked(source, digest) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
                for entry in tar:
                    if entry.isfile():
                        content: Any = tar.extractfile(entry)
                        found[entry.name] = drain(Source(content))
                drain(Source(plain))
            _check(digest, drain(source))
        return found

    def _blob(self, digest: str) -> BinaryIO:
        return self.open(f"blobs/{digest.replace(':', '/')}")


def drain(source: Source) -> str:
    """Read *source* to its end and return the sha256 of all that passed, hex."""
    while source.read(CHUNK):
        pass
    return source.sha256


def _check(digest: str, found: str) -> None:
    if digest != f"sha256:{found}":
        raise ValueError(f"blob {digest} has the sha256 {found}")
