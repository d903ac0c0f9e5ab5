"""Describes an image: its platforms and their attestations, from any ImageSource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.inspect.inspected import Attestation, Image, PlatformImage
from hatch_multiarch.oci.annotations import PREDICATE_TYPE, REFERENCE_DIGEST
from hatch_multiarch.oci.descriptor import parse_platform
from hatch_multiarch.oci.image_source import read_config
from hatch_multiarch.oci.media_types import CONFIGS
from hatch_multiarch.oci.walk import Walk, attests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.image_source import ImageSource

SBOMS = ("https://spdx.dev/Document", "https://cyclonedx.org/bom")
"""Predicate types of SBOMs, also with a version behind them (in-toto/attestation, predicates)."""
PROVENANCE = "https://slsa.dev/provenance/"


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
