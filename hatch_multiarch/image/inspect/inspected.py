"""Records of an image, as far as its documents describe it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hatch_multiarch.oci.descriptor import Descriptor


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
