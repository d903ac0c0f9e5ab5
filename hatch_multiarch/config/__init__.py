"""``[tool.multiarch]``: the tree of dataclasses, and reading it."""

from hatch_multiarch.config.model import Config, Helper, Image, Libc, Override, Toolchain
from hatch_multiarch.config.read import read_pyproject, read_table

__all__ = [
    "Config",
    "Helper",
    "Image",
    "Libc",
    "Override",
    "Toolchain",
    "read_pyproject",
    "read_table",
]
