"""From an index or a manifest to the platforms below it, wherever their blobs are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from hatch_multiarch.errors import ImageError
from hatch_multiarch.inspect.records import Attestation, Image, Layer, Manifest
from hatch_multiarch.oci import documents
from hatch_multiarch.oci.documents import CONFIGS, INDEXES, MANIFESTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.oci.documents import Entry

DEPTH = 4
"""Most indexes inside each other; BuildKit and docker write two."""
MOST = 1000
"""Most descriptors of one image."""
SBOMS = ("https://spdx.dev/Document", "https://cyclonedx.org/bom")
"""Predicate types of SBOMs, also with a version behind them (in-toto/attestation, predicates)."""
PROVENANCE = "https://slsa.dev/provenance/"


class Blobs(Protocol):
    """Where the documents of an image come from."""

    source: str

    def prepare(self, wanted: Sequence[Entry]) -> None:
        """Hear which documents will be asked for."""

    def document(self, wanted: Entry) -> Any:
        """Return an index or a manifest, its digest checked; None when it is not there."""

    def config(self, manifest: Entry, wanted: Entry) -> Any:
        """Return the config *wanted* of *manifest*. Raises ImageError."""


def walk(root: Entry, names: tuple[str, ...], blobs: Blobs) -> Image:
    """Return the image that *root* describes. Raises ImageError for what makes no sense."""
    document = blobs.document(root)
    if document is None:
        raise ImageError(f"{blobs.source}: {root.digest} is not there")
    where = f"{blobs.source}: {root.digest}"
    media_type = documents.kind(documents.table(document, where), root.media_type, where)
    if media_type in INDEXES:
        found = _entries(document, where, blobs, 1)
    elif media_type in MANIFESTS:
        found = [root]
    else:
        raise ImageError(f"{where}: {media_type or 'a blob without a type'} is no image")
    return Image(names, media_type, root.digest, manifests(found, blobs))


def manifests(found: Sequence[Entry], blobs: Blobs) -> tuple[Manifest, ...]:
    """Return the platforms among the descriptors *found*, each with its attestations.

    BuildKit keeps those in manifests of their own, bound by annotations (BuildKit,
    docs/attestations/attestation-storage.md).
    """
    about = [each for each in found if _attests(each)]
    images = [each for each in found if not _attests(each)]
    blobs.prepare([each for each in (*images, *about) if each.media_type in {"", *MANIFESTS}])
    statements: dict[str, list[Attestation]] = {}
    for each in about:
        subject = each.annotations.get("vnd.docker.reference.digest", "")
        statements.setdefault(subject, []).extend(_statements(each, blobs))
    return tuple(_manifest(each, blobs, tuple(statements.get(each.digest, ()))) for each in images)


def _entries(document: dict[str, Any], where: str, blobs: Blobs, depth: int) -> list[Entry]:
    """Return the manifests of an index, those of indexes in it too."""
    listed = documents.entries(document, "manifests", where)
    found: list[Entry] = []
    for each in listed:
        inner = blobs.document(each) if each.media_type in INDEXES else None
        if inner is None:
            found.append(each)
            continue
        if depth == DEPTH:
            raise ImageError(f"{where}: more than {DEPTH} indexes inside each other")
        place = f"{blobs.source}: {each.digest}"
        documents.kind(documents.table(inner, place), each.media_type, place)
        found += _entries(inner, place, blobs, depth + 1)
        if len(found) > MOST:
            break
    if len(found) > MOST:
        raise ImageError(f"{where}: more than {MOST} manifests are no image")
    return found


def _attests(each: Entry) -> bool:
    return each.annotations.get("vnd.docker.reference.type") == "attestation-manifest"


def _manifest(each: Entry, blobs: Blobs, attestations: tuple[Attestation, ...]) -> Manifest:
    where = f"{blobs.source}: {each.digest}"
    known = each.media_type in {"", *MANIFESTS}
    document = blobs.document(each) if known else None
    if document is None:
        return Manifest(each.platform, each.media_type, each.digest, "", None, (), attestations)
    media_type = documents.kind(documents.table(document, where), each.media_type, where)
    config = documents.entry(document.get("config"), f"{where}: config")
    layers = documents.entries(document, "layers", where)
    platform = each.platform
    if not platform and config.media_type in CONFIGS:
        platform = documents.platform(blobs.config(each, config), f"{where}: config")
    return Manifest(
        platform,
        media_type,
        each.digest,
        config.digest,
        sum(part.size for part in (each, config, *layers)),
        tuple(Layer(layer.media_type, layer.digest, layer.size) for layer in layers),
        attestations,
    )


def _statements(each: Entry, blobs: Blobs) -> list[Attestation]:
    """Return what an attestation manifest holds: a layer per statement, its kind beside it."""
    document = blobs.document(each)
    if document is None:
        return []
    where = f"{blobs.source}: {each.digest}"
    found = documents.entries(documents.table(document, where), "layers", where)
    types = [(layer, layer.annotations.get("in-toto.io/predicate-type", "")) for layer in found]
    return [Attestation(_kind(name), name, layer.digest, layer.size) for layer, name in types]


def _kind(predicate: str) -> Literal["sbom", "provenance", "other"]:
    if predicate.startswith(PROVENANCE):
        return "provenance"
    return "sbom" if predicate.startswith(SBOMS) else "other"
