"""Reads images in registries, archives and folders, without unpacking them."""

from hatch_multiarch.image.inspect.describe import Attestation, Image, Inspected, PlatformImage
from hatch_multiarch.image.inspect.inspect_image import check, content, inspect_archive
from hatch_multiarch.oci.open import open_image

__all__ = [
    "Attestation",
    "Image",
    "Inspected",
    "PlatformImage",
    "check",
    "content",
    "inspect_archive",
    "open_image",
]
