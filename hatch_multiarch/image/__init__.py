"""The image: base, layers, config and layout of one multi-arch OCI image.

One on a base is in `based`, which only those load whose images have one.
"""

from hatch_multiarch.image.build import BuiltImage, BuiltPlatform, Published, build_image
from hatch_multiarch.image.buildkit import FILES, BuildkitImage
from hatch_multiarch.image.docker_archive import with_docker_archive
from hatch_multiarch.image.load import Loading, load, loading

__all__ = [
    "FILES",
    "BuildkitImage",
    "BuiltImage",
    "BuiltPlatform",
    "Loading",
    "Published",
    "build_image",
    "load",
    "loading",
    "with_docker_archive",
]
