"""The base of an image: ``scratch``, a local layout, or an image in a registry."""

from hatch_multiarch.image.base.base_image import SCRATCH, Base, BaseImage
from hatch_multiarch.image.base.filesystem import Filesystem
from hatch_multiarch.image.base.libc import check_base, check_scratch
from hatch_multiarch.image.base.open_base import LocalBase, find_base, open_base
from hatch_multiarch.image.base.python import BasePython, find_python
from hatch_multiarch.image.base.read_layers import read_files

__all__ = [
    "SCRATCH",
    "Base",
    "BaseImage",
    "BasePython",
    "Filesystem",
    "LocalBase",
    "check_base",
    "check_scratch",
    "find_base",
    "find_python",
    "open_base",
    "read_files",
]
