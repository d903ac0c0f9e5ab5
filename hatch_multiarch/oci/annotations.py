"""Annotations of descriptors (OCI image-spec 1.1, annotations.md; BuildKit)."""

from __future__ import annotations

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
