"""Writes an OCI image layout, and an archive of it (OCI image-spec 1.1, image-layout.md)."""

from __future__ import annotations

import hashlib
import re
import shutil
import tarfile
from typing import TYPE_CHECKING, Any

from hatch_multiarch import files
from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.archive_writer import (
    disk_file,
    layout_archive,
    layout_files,
    write_archive,
)
from hatch_multiarch.oci.descriptor import Descriptor
from hatch_multiarch.oci.documents import encode
from hatch_multiarch.oci.media_types import IMAGE_NAME, INDEX, MANIFEST, REF_NAME
from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.oci.tar_writer import Readable


_FILE = re.compile(r"oci-layout|index\.json|blobs/sha256/[0-9a-f]{64}")


class Layout:
    """A layout in the making, in the new folder *path*; a blob is stored once, under its digest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._blobs = path / "blobs" / "sha256"
        self._blobs.mkdir(parents=True)

    def add(self, media_type: str, document: Mapping[str, Any]) -> Descriptor:
        """Store *document* as JSON."""
        data = encode(document)
        digest = hashlib.sha256(data).hexdigest()
        (self._blobs / digest).write_bytes(data)
        return Descriptor(media_type, f"sha256:{digest}", len(data))

    def manifest(
        self, config: Descriptor, layers: Sequence[Descriptor], annotations: Mapping[str, str]
    ) -> Descriptor:
        """Store the manifest that binds *config* and *layers* (manifest.md)."""
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.document(),
            "layers": [layer.document() for layer in layers],
            "annotations": annotations,
        }
        return self.add(MANIFEST, document)

    def adopt(self, media_type: str, path: Path, digest: str, size: int) -> Descriptor:
        """Move the finished file *path*, whose digest and size are known, among the blobs."""
        path.replace(self._blobs / digest.partition(":")[2])
        return Descriptor(media_type, digest, size)

    def copy(self, blob: Descriptor, source: Readable) -> Descriptor:
        """Store the bytes of *source*, which checks them, as *blob*, unless they are here."""
        if not blob.digest.startswith("sha256:"):
            raise ImageError(f"{blob.digest}: only blobs named by sha256 can be copied")
        final = self._blobs / blob.digest.partition(":")[2]
        if not final.exists():
            with files.writing(final) as out:
                while data := source.read(CHUNK):
                    out.write(data)
        return blob

    def finish(self, image: Descriptor, *, reference: str, tags: Sequence[str]) -> None:
        """Write ``oci-layout`` and ``index.json``, in which each tag is a descriptor of *image*."""
        index = index_of(image, reference=reference, tags=tags)
        for name, file in layout_files(index).items():
            (self.path / name).write_bytes(b"".join(file.read()))

    def archive(self, target: Path, *, epoch: int) -> None:
        """Write the finished layout as the tar file *target*; *epoch* (seconds) is every time."""
        paths = (path for path in self.path.rglob("*") if path.is_file())
        held = {path.relative_to(self.path).as_posix(): disk_file(path) for path in paths}
        write_archive(target, layout_archive(held, epoch=epoch))


def index_of(
    image: Descriptor, *, reference: str, tags: Sequence[str], **more: object
) -> dict[str, object]:
    """Return ``index.json``, in which each tag is a descriptor of *image*, with *more* in it.

    ``org.opencontainers.image.ref.name`` is the tag (annotations.md: valid only here).
    ``io.containerd.image.name`` is the whole name, as BuildKit writes it: containerd, Docker
    and Podman take the name of a loaded image from there.
    """
    entries = [
        image.document(
            **more,
            annotations={
                IMAGE_NAME: f"{_full_name(reference)}:{tag}",
                REF_NAME: tag,
            },
        )
        for tag in tags
    ]
    manifests = entries or [image.document(**more)]
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}


def extract(archive: Path, folder: Path) -> None:
    """Write what is in the OCI layout *archive* to the new *folder*. Raises ValueError for more."""
    with tarfile.TarFile(archive) as tar:
        for entry in tar:
            if entry.isdir():
                continue
            file = tar.extractfile(entry)
            if file is None or not _FILE.fullmatch(entry.name):
                raise ValueError(f"{entry.name} is not a file of an OCI layout")
            path = folder / entry.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as copy:
                shutil.copyfileobj(file, copy, CHUNK)


def _full_name(reference: str) -> str:
    """Return *reference* with the registry and namespace that Docker implies written out."""
    first, slash, _ = reference.partition("/")
    if not slash:
        return f"docker.io/library/{reference}"
    if first == "localhost" or "." in first or ":" in first:
        return reference
    return f"docker.io/{reference}"
