"""From the documents of a base to the image of one platform; believed only as far as checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.records import BaseImage
from hatch_multiarch.oci import documents
from hatch_multiarch.oci.blobs import ATTESTATION
from hatch_multiarch.oci.documents import CONFIGS, INDEXES, MANIFESTS
from hatch_multiarch.oci.layout import Descriptor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_multiarch.oci.documents import Entry
    from hatch_multiarch.platforms import Platform

DEPTH = 4
"""Most indexes inside each other; BuildKit and docker write two."""
LAYERS = {
    "application/vnd.oci.image.layer.v1.tar": "",
    "application/vnd.oci.image.layer.v1.tar+gzip": "",
    "application/vnd.oci.image.layer.v1.tar+zstd": "",
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": (
        "application/vnd.oci.image.layer.v1.tar+gzip"
    ),
    "application/vnd.docker.image.rootfs.diff.tar.zstd": (
        "application/vnd.oci.image.layer.v1.tar+zstd"
    ),
}
"""Layers that a base may have, and what OCI calls those that Docker named: the bytes are equal."""


class Documents(Protocol):
    """Where the documents of a base come from, their digests checked."""

    source: str

    def document(self, wanted: Entry) -> Any:
        """Return an index, a manifest or a config, a JSON object. Raises ImageError."""


def entries_of(base: Documents, listed: Iterable[Entry], depth: int = 1) -> list[Entry]:
    """Return the manifests of images below the descriptors *listed*, each with its platform.

    A manifest whose descriptor tells no platform tells it in its config. Raises ImageError.
    """
    found: list[Entry] = []
    for each in listed:
        where = f"{base.source}: {each.digest}"
        if each.annotations.get(ATTESTATION) or each.platform == "unknown/unknown":
            continue
        if each.platform and each.media_type in MANIFESTS:
            found.append(each)
            continue
        document = base.document(each)
        kind = documents.kind(document, each.media_type, where)
        if kind in INDEXES:
            if depth == DEPTH:
                raise ImageError(f"{where}: more than {DEPTH} indexes inside each other")
            inner = documents.entries(document, "manifests", where)
            found += entries_of(base, inner, depth + 1)
        elif kind in MANIFESTS:
            found.append(_named(base, each, document, where))
    return found


def base_image(base: Documents, entry: Entry, platform: Platform) -> BaseImage:
    """Read the manifest *entry* and its config. Raises ImageError when they do not fit."""
    where = f"{base.source}: {entry.digest}"
    manifest = base.document(entry)
    if documents.kind(manifest, entry.media_type, where) not in MANIFESTS:
        raise ImageError(f"{where}: is no manifest of an image")
    about = documents.entry(manifest.get("config"), f"{where}: config")
    if about.media_type not in CONFIGS:
        raise ImageError(f"{where}: its config is {about.media_type}, so that it is no image")
    config = base.document(about)
    told = documents.platform(config, f"{where}: config")
    if told.split("/")[:2] != [platform.os, platform.architecture]:
        raise ImageError(f"{where}: its config is for {told}, the index says {entry.platform}")
    rootfs = documents.table(config.get("rootfs"), f"{where}: rootfs")
    diff_ids = documents.rows(rootfs.get("diff_ids"), f"{where}: rootfs.diff_ids")
    checked = tuple(
        documents.checked(documents.text(each, f"{where}: diff_ids"), f"{where}: diff_ids")
        for each in diff_ids
    )
    layers = tuple(_layer(each, where) for each in documents.entries(manifest, "layers", where))
    if len(layers) != len(checked):
        raise ImageError(f"{where}: {len(layers)} layers, where its config has {len(checked)}")
    return BaseImage(platform, entry.digest, config, layers, checked)


def _named(base: Documents, each: Entry, manifest: Any, where: str) -> Entry:
    config = documents.entry(manifest.get("config"), f"{where}: config")
    name = documents.platform(base.document(config), f"{where}: config")
    return replace(each, platform=name)


def _layer(each: Entry, where: str) -> Descriptor:
    if each.media_type not in LAYERS:
        raise ImageError(f"{where}: a layer is {each.media_type}, which no registry gives to all")
    return Descriptor(LAYERS[each.media_type] or each.media_type, each.digest, each.size)
