"""The image: base, layers, config and layout of one multi-arch OCI image."""

from hatch_multiarch.image.build import BuiltImage, BuiltPlatform, build_image

__all__ = ["BuiltImage", "BuiltPlatform", "build_image"]
