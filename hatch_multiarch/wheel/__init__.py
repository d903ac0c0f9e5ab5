"""One wheel per platform, each made by hatchling's WheelBuilder."""

from hatch_multiarch.wheel import locator
from hatch_multiarch.wheel.archive import Archives
from hatch_multiarch.wheel.contents import (
    BuiltWheel,
    build_wheel,
    check_natives,
    check_rest,
    check_sources,
    check_tag,
    contents,
    members,
    merge,
    without,
)
from hatch_multiarch.wheel.paths import check_paths

__all__ = [
    "Archives",
    "BuiltWheel",
    "build_wheel",
    "check_natives",
    "check_paths",
    "check_rest",
    "check_sources",
    "check_tag",
    "contents",
    "locator",
    "members",
    "merge",
    "without",
]
