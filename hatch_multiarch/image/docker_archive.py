"""One platform of the image as an archive that every docker loads, written without docker.

Docker's containerd store reads ``index.json`` (OCI image-spec 1.1, image-layout.md), its older
store ``manifest.json`` (Docker Image Specification v1.2, "Combined Image JSON + Filesystem
Changeset Format"); both are in it and name the same blobs.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config import DOCKER_ARCHIVE
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.blobs import Blobs
from hatch_multiarch.image.config import platform_of
from hatch_multiarch.image.layout import Descriptor, encode, index_of
from hatch_multiarch.image.stream import Sink, Source, Tar
from hatch_multiarch.oci.types import MANIFEST
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.image.build import BuiltImage, BuiltPlatform
    from hatch_multiarch.plan import ImagePlan


def with_docker_archive(
    image: BuiltImage, plan: ImagePlan, target: Path, *, epoch: int
) -> BuiltImage:
    """Write *target* from the proven *image*, if *plan* asks for it; return *image* with it.

    It holds the one platform that the output is for; one that this build leaves out gives no
    archive. ``epoch`` (seconds) is every time in it. Raises ImageError when a blob is not what its
    digest says.
    """
    for output in plan.config.outputs:
        mine = [each for each in image.platforms if match(each.platform.name, output.platforms)]
        if output.type != DOCKER_ARCHIVE or not mine:
            continue
        [built] = mine  # the plan has refused more
        part = target.with_name(f".{target.name}.part")
        with (
            closing(Blobs(image.proven[0])) as blobs,
            part.open("xb") as out,
            closing(Tar(Sink(out), epoch=epoch)) as tar,
        ):
            _write(tar, blobs, built, plan)
        part.replace(target)
        image = replace(image, outputs=(*image.outputs, target))
    return image


def _write(tar: Tar, blobs: Blobs, built: BuiltPlatform, plan: ImagePlan) -> None:
    data = blobs.read(built.digest)
    manifest: Any = json.loads(data)
    inside = [manifest["config"], *manifest["layers"]]
    sizes = {each["digest"]: each["size"] for each in inside} | {built.digest: len(data)}
    for folder in ("blobs", "blobs/sha256"):
        tar.folder(folder)
    for digest in sorted(sizes):
        with blobs.open(_path(digest)) as file:
            source = Source(file)
            tar.file(_path(digest), source, sizes[digest], mode=0o644)
        if digest != f"sha256:{source.sha256}":
            raise ImageError(
                f"{DOCKER_ARCHIVE}: blob {digest} has the sha256 {source.sha256}",
                advice="build again, with nothing else writing to the output folder",
            )
    image = Descriptor(MANIFEST, built.digest, len(data))
    index = index_of(
        image, reference=plan.reference, tags=plan.tags, platform=platform_of(built.platform)
    )
    saved = {
        "Config": _path(manifest["config"]["digest"]),
        "RepoTags": [f"{plan.reference}:{tag}" for tag in plan.tags],
        "Layers": [_path(each["digest"]) for each in manifest["layers"]],
    }
    small = {
        "index.json": encode(index),
        "manifest.json": encode([saved]),
        "oci-layout": encode({"imageLayoutVersion": "1.0.0"}),
    }
    for name, text in small.items():
        tar.file(name, Source(BytesIO(text)), len(text), mode=0o644)


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
