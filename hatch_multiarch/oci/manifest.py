"""Indexes, manifests and configs, parsed (OCI image-spec 1.1, image-index.md, manifest.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.descriptor import check_digest, parse_descriptor, parse_descriptors
from hatch_multiarch.oci.documents import rows, table, text
from hatch_multiarch.oci.media_types import INDEX, INDEXES, MANIFEST, MANIFESTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.oci.descriptor import Descriptor


@dataclass(frozen=True)
class Index:
    """An index: manifests of several platforms, or other indexes."""

    media_type: str
    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """A manifest: config and layers of one platform."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None
    """What an artifact, such as a signature, is about."""
    document: Mapping[str, Any]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers."""
        return (self.config, *self.layers)


def parse_manifest(value: Any, told: str, where: str) -> Index | Manifest:
    """Read the document that a descriptor calls *told*, a media type or nothing.

    Raises ImageError, which names *where*: for a document of another media type, for one that could
    be read as either index or manifest (CVE-2021-41190), and for manifests of schema 1.
    """
    document = table(value, where)
    media_type = _media_type(document, told, where)
    if media_type not in INDEXES | MANIFESTS:
        raise ImageError(f"{where}: {media_type} is neither an index nor a manifest")
    about = document.get("subject")
    subject = None if about is None else parse_descriptor(about, f"{where}: subject")
    if media_type in INDEXES:
        listed = parse_descriptors(document, "manifests", where)
        return Index(media_type, tuple(listed), subject, document)
    config = parse_descriptor(document.get("config"), f"{where}: config")
    layers = parse_descriptors(document, "layers", where)
    return Manifest(media_type, config, tuple(layers), subject, document)


def diff_ids(config: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """Return the digests of the unpacked layers in *config* (config.md). Raises ImageError."""
    rootfs = table(config.get("rootfs"), f"{where}: rootfs")
    place = f"{where}: rootfs.diff_ids"
    return tuple(
        check_digest(text(each, f"{place}[{at}]"), f"{place}[{at}]")
        for at, each in enumerate(rows(rootfs.get("diff_ids"), place))
    )


def _media_type(document: dict[str, Any], told: str, where: str) -> str:
    own = text(document.get("mediaType"), f"{where}: mediaType")
    if "manifests" in document and ("layers" in document or "config" in document):
        raise ImageError(f"{where}: both an index and a manifest")
    if own and told and own != told:
        raise ImageError(f"{where}: its media type is {own[:80]!r}, but the descriptor says {told}")
    if document.get("schemaVersion") == 1:
        raise ImageError(f"{where}: a manifest of schema 1, which registries no longer accept")
    return own or told or (INDEX if "manifests" in document else MANIFEST)
