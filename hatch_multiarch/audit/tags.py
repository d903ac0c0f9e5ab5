"""Wheel tags, from what the binaries need and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import AuditError
from hatch_multiarch.platforms.table import BIG_SUR, go_macos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.audit.binary_info import BinaryInfo
    from hatch_multiarch.platforms import Platform

Version = tuple[int, int]
MANYLINUX2014 = (2, 17)
"""PEP 599's name for manylinux_2_17, which older installers know."""

LAST_BEFORE_26 = 15
AFTER_15 = 26


def wheel_tag(platform: Platform, facts: Sequence[BinaryInfo]) -> str:
    """Return ``py3-none-<platform tags>`` of a wheel with the binaries of *facts*."""
    return "py3-none-" + ".".join(wheel_tags(platform, facts))


def wheel_tags(platform: Platform, facts: Sequence[BinaryInfo]) -> tuple[str, ...]:
    """Return the platform tags, sorted (the order that packaging's strict parser wants).

    Raises AuditError when there is no tag on which all of *facts* run.
    """
    if platform.os == "darwin":
        return (_macos(platform, facts),)
    if platform.plain_tag is not None:
        return (platform.plain_tag,)
    tags = sorted([*_manylinux(platform, facts), *_musllinux(platform, facts)])
    if not tags:
        raise AuditError(
            f"no wheel tag fits {platform.name} and all of its helpers",
            advice='make them static (libc = "static"), or only build the image for this platform',
        )
    return tuple(tags)


def _manylinux(platform: Platform, facts: Sequence[BinaryInfo]) -> list[str]:
    """PEP 600: the tag is the highest glibc that any of the binaries needs."""
    if platform.manylinux is None or any(each.libc == "musl" for each in facts):
        return []
    major, minor = max([platform.manylinux, *(each.glibc for each in facts if each.glibc)])
    tags = [f"manylinux_{major}_{minor}_{platform.wheel_arch}"]
    if (major, minor) == MANYLINUX2014:
        tags.append(f"manylinux2014_{platform.wheel_arch}")
    return tags


def _musllinux(platform: Platform, facts: Sequence[BinaryInfo]) -> list[str]:
    """PEP 656; only static binaries get here, and they run on every musl."""
    if platform.musllinux is None or any(each.libc != "static" for each in facts):
        return []
    major, minor = platform.musllinux
    return [f"musllinux_{major}_{minor}_{platform.wheel_arch}"]


def _macos(platform: Platform, facts: Sequence[BinaryInfo]) -> str:
    least: Version = BIG_SUR if platform.architecture == "arm64" else (10, 9)
    for each in (part for whole in facts for part in whole.parts or (whole,)):
        need = max(each.macos or (0, 0), go_macos(each.go.version) if each.go else (0, 0))
        if each.architecture != "arm64" or need > BIG_SUR:  # which is the first one for arm64
            least = max(least, need)
    major, minor = least
    if major >= BIG_SUR[0] and minor:  # from 11 on, tags only ever say N.0
        major, minor = major + 1, 0
    if LAST_BEFORE_26 < major < AFTER_15:  # there was no macOS 16 to 25
        major = AFTER_15
    return f"macosx_{major}_{minor}_{platform.wheel_arch}"
