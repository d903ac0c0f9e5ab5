"""Writes some platforms of the proven image as an archive of their own.

One platform as an archive that every docker loads, also for the output ``docker-archive``, or any
number of them as an OCI archive of an index, with their attestations.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config import DOCKER_ARCHIVE
from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.archive_writer import (
    blob_file,
    bytes_file,
    layout_archive,
    layout_files,
    write_archive,
)
from hatch_multiarch.oci.descriptor import Descriptor, parse_descriptor, platform_document
from hatch_multiarch.oci.docker_archive import docker_archive
from hatch_multiarch.oci.documents import encode
from hatch_multiarch.oci.layout import index_of
from hatch_multiarch.oci.manifest import Index
from hatch_multiarch.oci.media_types import REFERENCE_DIGEST
from hatch_multiarch.oci.open import open_layout
from hatch_multiarch.oci.walk import Walk
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from hatch_multiarch.image.built import BuiltImage, BuiltPlatform
    from hatch_multiarch.oci.layout_source import LayoutSource
    from hatch_multiarch.plan import ImagePlan


def write_docker_archive(
    target: Path, image: BuiltImage, built: BuiltPlatform, plan: ImagePlan, *, epoch: int
) -> None:
    """Write the platform *built* of *image* as *target*, without its attestations.

    ``epoch`` (seconds) is every time in it. Raises ImageError when a blob is not what its digest
    says.
    """
    with open_layout(image.proven[0]) as source:
        walk = Walk(source)
        described = source.describe(built.digest)
        manifest = walk.manifest(described)
        if manifest is None:
            raise _changed(source, built.digest)
        tagged = Descriptor(manifest.media_type, described.digest, described.size)
        index = index_of(
            tagged,
            reference=plan.reference,
            tags=plan.tags,
            platform=platform_document(built.platform.name),
        )
        names = [f"{plan.reference}:{tag}" for tag in plan.tags]
        archive = docker_archive(
            source,
            manifest.config,
            manifest.layers,
            names,
            manifest=tagged,
            index=index,
            epoch=epoch,
        )
        write_archive(target, archive)


def write_oci_archive(
    target: Path, image: BuiltImage, platforms: Collection[str], plan: ImagePlan, *, epoch: int
) -> str:
    """Write *platforms* (names) of *image* as *target*; return the digest of what is tagged in it.

    That is the image's own index when these are all that it has, else one of fewer manifests.
    ``epoch`` and ImageError are as above.
    """
    mine = {each.digest for each in image.platforms if each.platform.name in platforms}
    with open_layout(image.proven[0]) as source:
        walk = Walk(source)
        root = source.describe(image.digest)
        top, data = walk.read(root), walk.data(root)
        if top is None or data is None:
            raise _changed(source, image.digest)
        # BuildKit makes no index of one platform alone; then the manifest is what is tagged.
        listed: list[Descriptor] = [root]
        if isinstance(top, Index):
            entries: list[Any] = top.document["manifests"]
            kept = [each for each in entries if _about(each) in mine]
            listed = [parse_descriptor(each, source.source) for each in kept]
            if kept != entries:
                data = encode({**top.document, "manifests": kept})
        blobs = {each.digest: each for each in listed}
        for each in listed:
            manifest = walk.manifest(each)
            blobs |= {blob.digest: blob for blob in manifest.blobs} if manifest else {}
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        tagged = Descriptor(top.media_type, digest, len(data))
        files = {each.path: blob_file(source, each) for each in blobs.values()}
        files[tagged.path] = bytes_file(data)
        index = index_of(tagged, reference=plan.reference, tags=plan.tags)
        files |= layout_files(index)
        write_archive(target, layout_archive(files, epoch=epoch))
    return digest


def _about(entry: Any) -> str:
    """Return the digest of the manifest that an entry of an index is, or that it attests."""
    subject: str = entry.get("annotations", {}).get(REFERENCE_DIGEST, entry["digest"])
    return subject


def _changed(source: LayoutSource, digest: str) -> ImageError:
    return ImageError(
        f"{source.source}: {digest} is missing",
        advice="build again, with nothing else writing to the output folder",
    )


def with_docker_archive(
    image: BuiltImage, plan: ImagePlan, target: Path, *, epoch: int
) -> BuiltImage:
    """Write *target* from the proven *image*, if *plan* asks for it; return *image* with it.

    It holds the one platform that the output is for; one that this build leaves out gives no
    archive. Raises ImageError when a blob is not what its digest says.
    """
    for output in plan.config.outputs:
        mine = [each for each in image.platforms if match(each.platform.name, output.platforms)]
        if output.type != DOCKER_ARCHIVE or not mine:
            continue
        [built] = mine  # the plan has refused more
        write_docker_archive(target, image, built, plan, epoch=epoch)
        image = replace(image, outputs=(*image.outputs, target))
    return image
