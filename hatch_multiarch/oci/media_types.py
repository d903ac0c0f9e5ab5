"""Media types of OCI image-spec 1.1 (media-types.md)."""

from __future__ import annotations

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
STATEMENT = "application/vnd.in-toto+json"
"""A statement about an image, as a layer (BuildKit, docs/attestations/attestation-storage.md)."""
