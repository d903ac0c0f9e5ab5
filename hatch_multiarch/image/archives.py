"""Some platforms of the proven image as an archive of their own.

One platform as an archive that every docker loads: docker's containerd store reads ``index.json``
(OCI image-spec 1.1, image-layout.md), its older store ``manifest.json`` (Docker Image Specification
v1.2, "Combined Image JSON + Filesystem Changeset Format"); both are in it and name the same blobs.
Or any number of them as an OCI archive of an index, with their attestations.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import closing, contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.blobs import Blobs
from hatch_multiarch.image.config import platform_of
from hatch_multiarch.image.layout import Descriptor, encode, index_of
from hatch_multiarch.image.stream import Sink, Source, Tar
from hatch_multiarch.oci.types import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from hatch_multiarch.image.built import BuiltImage, BuiltPlatform
    from hatch_multiarch.plan import ImagePlan

SUBJECT = "vnd.docker.reference.digest"
"""Annotation of an attestation in an index: what it is about (attestation-storage.md)."""


def write_docker_archive(
    target: Path, image: BuiltImage, built: BuiltPlatform, plan: ImagePlan, *, epoch: int
) -> None:
    """Write the platform *built* of *image* as *target*, without its attestations.

    ``epoch`` (seconds) is every time in it. Raises ImageError when a blob is not what its digest
    says.
    """
    with closing(Blobs(image.proven[0])) as blobs, _writing(target, epoch) as tar:
        data = blobs.read(built.digest)
        manifest: Any = json.loads(data)
        _copy(tar, blobs, {**_inside(manifest), built.digest: len(data)})
        index = index_of(
            Descriptor(MANIFEST, built.digest, len(data)),
            reference=plan.reference,
            tags=plan.tags,
            platform=platform_of(built.platform),
        )
        saved = {
            "Config": _path(manifest["config"]["digest"]),
            "RepoTags": [f"{plan.reference}:{tag}" for tag in plan.tags],
            "Layers": [_path(each["digest"]) for each in manifest["layers"]],
        }
        _small(tar, "index.json", encode(index))
        _small(tar, "manifest.json", encode([saved]))
        _small(tar, "oci-layout", encode({"imageLayoutVersion": "1.0.0"}))


def write_oci_archive(
    target: Path, image: BuiltImage, platforms: Collection[str], plan: ImagePlan, *, epoch: int
) -> str:
    """Write *platforms* (names) of *image* as *target*; return the digest of what is tagged in it.

    That is the image's own index when these are all that it has, else one of fewer manifests.
    ``epoch`` and ImageError are as above.
    """
    mine = {each.digest for each in image.platforms if each.platform.name in platforms}
    with closing(Blobs(image.proven[0])) as blobs, _writing(target, epoch) as tar:
        data = blobs.read(image.digest)
        top: Any = json.loads(data)
        # BuildKit makes no index of one platform alone; then the manifest is what is tagged.
        sizes = _inside(top) if "manifests" not in top else {}
        kept = [each for each in top.get("manifests", ()) if _about(each) in mine]
        if kept != top.get("manifests", []):
            data = encode({**top, "manifests": kept})
        for each in kept:
            sizes |= {**_inside(blobs.document(each["digest"])), each["digest"]: each["size"]}
        _copy(tar, blobs, sizes)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        _small(tar, _path(digest), data)
        tagged = Descriptor(top["mediaType"], digest, len(data))
        index = index_of(tagged, reference=plan.reference, tags=plan.tags)
        _small(tar, "index.json", encode(index))
        _small(tar, "oci-layout", encode({"imageLayoutVersion": "1.0.0"}))
    return digest


def _about(entry: Mapping[str, Any]) -> str:
    """Return the digest of the manifest that an entry of an index is, or that it attests."""
    subject: str = entry.get("annotations", {}).get(SUBJECT, entry["digest"])
    return subject


def _inside(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Return digest -> size of the blobs that *manifest* binds."""
    return {each["digest"]: each["size"] for each in (manifest["config"], *manifest["layers"])}


@contextmanager
def _writing(target: Path, epoch: int) -> Iterator[Tar]:
    """Give a tar file to write; it has its name when it is whole."""
    part = target.with_name(f".{target.name}.part")
    with part.open("xb") as out, closing(Tar(Sink(out), epoch=epoch)) as tar:
        yield tar
    part.replace(target)


def _copy(tar: Tar, blobs: Blobs, sizes: Mapping[str, int]) -> None:
    """Copy the blobs of *sizes*, digest -> bytes, each checked on the way."""
    for folder in ("blobs", "blobs/sha256"):
        tar.folder(folder)
    for digest in sorted(sizes):
        with blobs.open(_path(digest)) as file:
            source = Source(file)
            tar.file(_path(digest), source, sizes[digest], mode=0o644)
        if digest != f"sha256:{source.sha256}":
            raise ImageError(
                f"the image's blob {digest} has the sha256 {source.sha256}",
                advice="build again, with nothing else writing to the output folder",
            )


def _small(tar: Tar, name: str, data: bytes) -> None:
    tar.file(name, Source(BytesIO(data)), len(data), mode=0o644)


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
