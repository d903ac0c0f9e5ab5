"""The image: base, layers, config and layout of one multi-arch OCI image."""

from hatch_multiarch.image.based import BasedImage
from hatch_multiarch.image.build import BuiltImage, BuiltPlatform, Published, build_image
from hatch_multiarch.image.buildkit import FILES, BuildkitImage
from hatch_multiarch.image.docker_archive import with_docker_archive

__all__ = [
    "FILES",
    "BasedImage",
    "BuildkitImage",
    "BuiltImage",
    "BuiltPlatform",
    "Published",
    "build_image",
    "with_docker_archive",
]
