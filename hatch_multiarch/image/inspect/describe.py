"""Describes an image: its platforms and their attestations, from any ImageSource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.descriptor import parse_platform
from hatch_multiarch.oci.image_source import read_config
from hatch_multiarch.oci.media_types import CONFIGS, PREDICATE_TYPE, REFERENCE_DIGEST
from hatch_multiarch.oci.walk import Walk, attests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.image_source import ImageSource

SBOMS = ("https://spdx.dev/Document", "https://cyclonedx.org/bom")
"""Predicate types of SBOMs, also with a version behind them (in-toto/attestation, predicates)."""
PROVENANCE = "https://slsa.dev/provenance/"


@dataclass(frozen=True)
class Attestation:
    """A statement about one platform's image, as BuildKit attaches it (in-toto)."""

    kind: Literal["sbom", "provenance", "other"]
    predicate_type: str
    """What kind of statement it is: ``https://slsa.dev/provenance/v1``."""
    digest: str
    """Of the statement: ``sha256:...``, as all digests here."""
    size: int
    """In bytes, as all sizes here."""


@dataclass(frozen=True)
class PlatformImage:
    """The image of one platform."""

    platform: str
    """OCI platform, normalised; empty when neither index nor config names one."""
    media_type: str
    digest: str
    """Of the manifest; empty in an archive that holds none (old ``docker save``)."""
    config: str
    """Digest of the config, which docker calls the image ID; empty when ``size`` is None."""
    size: int | None
    """What a client pulls for it: manifest, config and layers; None when the archive lists the
    platform without holding it."""
    layers: tuple[Descriptor, ...]
    """As they are stored; without media types in an archive that does not say."""
    attestations: tuple[Attestation, ...]


@dataclass(frozen=True)
class Image:
    """One image: an index over platforms, or a lone manifest."""

    names: tuple[str, ...]
    """As the archive or the caller names it; none in an archive without names."""
    media_type: str
    digest: str
    """Of the index, or of the lone manifest; empty where there is neither."""
    manifests: tuple[PlatformImage, ...]
    """In the order of the index."""


@dataclass(frozen=True)
class Inspected:
    """What a reference, an archive or a folder holds."""

    source: str
    kind: Literal["registry", "oci-archive", "oci-layout", "docker-archive"]
    images: tuple[Image, ...]


def describe(root: Descriptor, names: tuple[str, ...], source: ImageSource) -> Image:
    """Return the image *root* of *source*. Raises ImageError, and RegistryError."""
    walk = Walk(source)
    top = walk.read(root)
    if top is None:
        raise ImageError(f"{source.source}: {root.digest} is missing")
    return Image(names, top.media_type, root.digest, platforms(walk, (root,)))


def platforms(walk: Walk, listed: Sequence[Descriptor]) -> tuple[PlatformImage, ...]:
    """Return the platforms below the descriptors *listed*, each with its attestations.

    BuildKit keeps those in manifests of their own, bound by annotations (BuildKit,
    docs/attestations/attestation-storage.md). Raises ImageError, and RegistryError.
    """
    found = walk.manifests(listed)
    statements: dict[str, list[Attestation]] = {}
    for each in filter(attests, found):
        subject = each.annotations.get(REFERENCE_DIGEST, "")
        statements.setdefault(subject, []).extend(_statements(each, walk))
    return tuple(
        _platform(each, walk, tuple(statements.get(each.digest, ())))
        for each in found
        if not attests(each)
    )


def _platform(each: Descriptor, walk: Walk, attestations: tuple[Attestation, ...]) -> PlatformImage:
    manifest = walk.manifest(each)
    if manifest is None:
        return PlatformImage(
            each.platform, each.media_type, each.digest, "", None, (), attestations
        )
    platform = each.platform
    if not platform and manifest.config.media_type in CONFIGS:
        where = f"{walk.source.source}: {each.digest}: config"
        config = read_config(walk.source, manifest.config, where)
        platform = parse_platform(config, where)
    return PlatformImage(
        platform,
        manifest.media_type,
        each.digest,
        manifest.config.digest,
        sum(part.size for part in (each, *manifest.blobs)),
        manifest.layers,
        attestations,
    )


def _statements(each: Descriptor, walk: Walk) -> list[Attestation]:
    """Return what an attestation manifest holds: a layer per statement, with its kind."""
    manifest = walk.manifest(each)
    layers = manifest.layers if manifest else ()
    types = [(layer, layer.annotations.get(PREDICATE_TYPE, "")) for layer in layers]
    return [Attestation(_kind(name), name, layer.digest, layer.size) for layer, name in types]


def _kind(predicate: str) -> Literal["sbom", "provenance", "other"]:
    if predicate.startswith(PROVENANCE):
        return "provenance"
    return "sbom" if predicate.startswith(SBOMS) else "other"
