"""The platform and the libc of the running interpreter."""

from __future__ import annotations

import platform as machine
import struct
import sys
import sysconfig
from typing import Literal

from packaging import tags

from hatch_multiarch.errors import PlanError
from hatch_multiarch.platforms.table import Platform, lookup

# What a 32-bit Python is, by the name that a 64-bit kernel (or its 32-bit personality) reports.
IN_32_BITS = {"x86_64": "386", "aarch64": "arm/v7", "armv8l": "arm/v7"}


def host() -> Platform:
    """Return the platform of the running interpreter (a 32-bit Python is a 32-bit platform).

    Raises PlanError when the table has no such platform.
    """
    return from_sysconfig(sysconfig.get_platform(), machine.machine(), struct.calcsize("P") * 8)


def from_sysconfig(platform: str, processor: str, bits: int) -> Platform:
    """Return the platform that ``sysconfig.get_platform()`` calls *platform*.

    *processor* is ``platform.machine()``, which decides for a universal macOS build; *bits* is
    the size of a pointer, which decides for a 32-bit Python on a 64-bit kernel.
    """
    if platform.startswith("macosx-"):
        built_for = platform.rpartition("-")[2]
        name = f"darwin/{processor if built_for.startswith('universal') else built_for}"
    elif platform.startswith("win"):
        name = f"windows/{platform.partition('-')[2] or '386'}"
    else:
        name = platform.replace("-", "/", 1)
    if bits == 32:  # noqa: PLR2004 - a pointer's size
        for kernel, python in IN_32_BITS.items():
            name = name.replace(kernel, python)
    found = lookup(name)
    if found is None:
        raise PlanError(
            f"this Python runs on {platform}, a platform for which no helper can be built",
            advice="set HATCH_MULTIARCH_SKIP=1 to build without helpers",
        )
    return found


def host_libc() -> Literal["glibc", "musl", ""]:
    """Return the libc that the running interpreter is linked against; empty outside Linux."""
    if not sys.platform.startswith("linux"):
        return ""
    return "musl" if any("musllinux" in tag for tag in tags.platform_tags()) else "glibc"
