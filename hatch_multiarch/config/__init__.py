"""``[tool.multiarch]``: the tree of dataclasses, and reading it."""

from hatch_multiarch.config.buildkit import BuilderConfig, NodeConfig, Stage
from hatch_multiarch.config.image import DOCKER_ARCHIVE, Healthcheck, Image, Output
from hatch_multiarch.config.model import Config, Helper, Libc, Override, Toolchain
from hatch_multiarch.config.read_config import read_pyproject, read_table

__all__ = [
    "DOCKER_ARCHIVE",
    "BuilderConfig",
    "Config",
    "Healthcheck",
    "Helper",
    "Image",
    "Libc",
    "NodeConfig",
    "Output",
    "Override",
    "Stage",
    "Toolchain",
    "read_pyproject",
    "read_table",
]
