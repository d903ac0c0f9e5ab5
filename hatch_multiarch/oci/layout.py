"""An OCI image layout on disk, and the archive of it (OCI image-spec 1.1, image-layout.md)."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.media_types import CONFIG, INDEX, LAYER, MANIFEST, STATEMENT
from hatch_multiarch.oci.tar_writer import CHUNK, Sink, Source, Tar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.oci.tar_writer import Readable

__all__ = ["CONFIG", "INDEX", "LAYER", "MANIFEST", "STATEMENT", "Descriptor", "Layout"]


@dataclass(frozen=True)
class Descriptor:
    """What names a blob (descriptor.md)."""

    media_type: str
    digest: str
    size: int
    """In bytes."""

    def document(self, **more: object) -> dict[str, object]:
        """Return the descriptor as JSON holds it, *more* properties after the required ones."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size, **more}


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
            part = self.path / "blob.part"
            with part.open("wb") as out:
                while data := source.read(CHUNK):
                    out.write(data)
            part.replace(final)
        return blob

    def finish(self, image: Descriptor, *, reference: str, tags: Sequence[str]) -> None:
        """Write ``oci-layout`` and ``index.json``, in which each tag is a descriptor of *image*."""
        index = index_of(image, reference=reference, tags=tags)
        (self.path / "index.json").write_bytes(encode(index))
        (self.path / "oci-layout").write_bytes(encode({"imageLayoutVersion": "1.0.0"}))

    def archive(self, target: Path, *, epoch: int) -> None:
        """Write the finished layout as the tar file *target*, entries sorted, mtime ``epoch``."""
        with target.open("xb") as out, closing(Tar(Sink(out), epoch=epoch)) as tar:
            for path in sorted(self.path.rglob("*"), key=lambda each: each.as_posix()):
                name = path.relative_to(self.path).as_posix()
                if path.is_dir():
                    tar.folder(name)
                    continue
                with path.open("rb") as file:
                    tar.file(name, Source(file), path.stat().st_size, mode=0o644)


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
                "io.containerd.image.name": f"{_full_name(reference)}:{tag}",
                "org.opencontainers.image.ref.name": tag,
            },
        )
        for tag in tags
    ]
    manifests = entries or [image.document(**more)]
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}


def encode(document: object) -> bytes:
    """Return the one spelling of *document*: UTF-8, no blanks, properties in the order given."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _full_name(reference: str) -> str:
    """Return *reference* with the registry and namespace that Docker implies written out."""
    first, slash, _ = reference.partition("/")
    if not slash:
        return f"docker.io/library/{reference}"
    if first == "localhost" or "." in first or ":" in first:
        return reference
    return f"docker.io/{reference}"
