"""Media types and annotations of OCI image-spec 1.1 (media-types.md, annotations.md).

With Docker's older twins of the types, and the annotations of BuildKit.
"""

from __future__ import annotations

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
STATEMENT = "application/vnd.in-toto+json"
"""A statement about an image, as a layer (BuildKit, docs/attestations/attestation-storage.md)."""

INDEXES = frozenset({INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"})
MANIFESTS = frozenset({MANIFEST, "application/vnd.docker.distribution.manifest.v2+json"})
ACCEPT = ", ".join([*sorted(INDEXES), *sorted(MANIFESTS)])
"""Both families, for requests: who names neither gets what nobody reads any more."""
CONFIGS = frozenset({CONFIG, "application/vnd.docker.container.image.v1+json"})

_TAR, _DOCKER_TAR = LAYER.removesuffix("+gzip"), "application/vnd.docker.image.rootfs.diff.tar"
LAYERS = {
    **{_TAR + each: _TAR + each for each in ("", "+gzip", "+zstd")},
    **{_DOCKER_TAR + each.replace("+", "."): _TAR + each for each in ("", "+gzip", "+zstd")},
}
"""Layers that can be distributed, and what OCI calls those that Docker named: equal bytes."""

REF_NAME = "org.opencontainers.image.ref.name"
"""The tag of an image in ``index.json`` of a layout; valid only there."""
IMAGE_NAME = "io.containerd.image.name"
"""The whole name of an image in ``index.json``, as containerd, Docker and BuildKit write it."""
REFERENCE_TYPE = "vnd.docker.reference.type"
"""Marks a manifest that is no image (BuildKit, docs/attestations/attestation-storage.md)."""
ATTESTATION_MANIFEST = "attestation-manifest"
"""The value of ``REFERENCE_TYPE`` for attestations."""
REFERENCE_DIGEST = "vnd.docker.reference.digest"
"""The digest of the manifest that an attestation is about."""
PREDICATE_TYPE = "in-toto.io/predicate-type"
"""What kind of statement a layer of an attestation is."""
