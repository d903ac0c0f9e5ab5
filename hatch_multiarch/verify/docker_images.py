"""Loads or pulls an image into docker, and removes it afterwards."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hatch_multiarch.oci.descriptor import Descriptor, platform_document
from hatch_multiarch.oci.docker_archive import docker_archive
from hatch_multiarch.oci.layout import index_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.image.inspect import PlatformImage
    from hatch_multiarch.oci.layout_source import ArchiveSource


@contextmanager
def pulled(client: Any, reference: str, manifest: PlatformImage) -> Iterator[str]:
    """Pull one platform by its digest; remove it afterwards unless it was there."""
    repository = reference.partition("@")[0]
    head, slash, last = repository.rpartition("/")
    repository = f"{head}{slash}{last.partition(':')[0]}"
    name = f"{repository}@{manifest.digest}"
    there = _has(client, name)
    if not there:
        client.images.pull(repository, tag=manifest.digest, platform=manifest.platform)
    try:
        yield name
    finally:
        if not there:
            client.images.remove(name)


@contextmanager
def loaded(client: Any, source: ArchiveSource, manifest: PlatformImage) -> Iterator[str]:
    """Load one platform under a name of our own, and remove it afterwards."""
    repository, tag = "hatch-multiarch-verify", secrets.token_hex(8)
    name = f"{repository}:{tag}"
    held, index = None, None
    if manifest.digest:
        held = Descriptor(manifest.media_type, manifest.digest, source.size(manifest.digest))
        platform = platform_document(manifest.platform)
        index = index_of(held, reference=repository, tags=(tag,), platform=platform)
    archive = docker_archive(
        source,
        source.describe(manifest.config),
        manifest.layers,
        (name,),
        manifest=held,
        index=index,
        epoch=0,
        # Behind gzip, a step back in the archive would unpack all anew.
        order=lambda digest: source.store.order(source.path(digest)),
    )
    try:
        client.images.load(archive)
        yield name
    finally:
        if _has(client, name):
            client.images.remove(name)


def _has(client: Any, name: str) -> bool:
    from docker.errors import ImageNotFound  # noqa: PLC0415 - an extra

    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True
