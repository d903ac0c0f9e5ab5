"""Reads binaries, and decides which wheel tag follows."""

from hatch_multiarch.audit.binary_check import Made, check, check_exports, check_imports
from hatch_multiarch.audit.binary_info import BinaryInfo, GoBuild
from hatch_multiarch.audit.read_binary import read, read_cached, runs_on
from hatch_multiarch.audit.tags import wheel_tag, wheel_tags

__all__ = [
    "BinaryInfo",
    "GoBuild",
    "Made",
    "check",
    "check_exports",
    "check_imports",
    "read",
    "read_cached",
    "runs_on",
    "wheel_tag",
    "wheel_tags",
]
