"""The wheel tags that a platform's image accepts: by its platform and its base's Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatch_multiarch.image.base.python import BasePython
    from hatch_multiarch.platforms import Platform

_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""glibc 2.N -> the name that the tag had before PEP 600."""
_OLDEST = {"x86_64": 5, "i686": 5}
"""Architecture -> least N of manylinux_2_N, where that is not 17."""
_UV_GLIBC = (17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40)
"""N of each ``ARCH-manylinux_2_N`` that uv knows."""
_UV_ARCHITECTURES = ("x86_64", "aarch64")


@dataclass(frozen=True)
class Target:
    """The Python of one platform's base."""

    platform: Platform
    python: BasePython

    @property
    def version(self) -> str:
        """``3.13``, as pip and uv take it."""
        return ".".join(map(str, self.python.version))

    @property
    def tags(self) -> list[str]:
        """Return the platform tags that the base can load, best first (PEP 600, PEP 656)."""
        if self.platform.plain_tag:
            return [self.platform.plain_tag]
        arch, (major, minor) = self.platform.wheel_arch, self.python.libc.version
        tags = []
        if self.python.libc.kind == "musl":
            tags = [f"musllinux_{major}_{each}_{arch}" for each in range(minor, -1, -1)]
        else:
            for each in range(minor, _OLDEST.get(arch, 17) - 1, -1):
                tags.append(f"manylinux_{major}_{each}_{arch}")
                if each in _LEGACY:
                    tags.append(f"{_LEGACY[each]}_{arch}")
        return [*tags, f"linux_{arch}"]

    @property
    def uv_platform(self) -> str | None:
        """Return uv's name of the target, or None where it has none."""
        arch = self.platform.wheel_arch
        if arch not in _UV_ARCHITECTURES:
            return None
        if self.python.libc.kind == "musl":
            return f"{arch}-unknown-linux-musl"
        known = [each for each in _UV_GLIBC if each <= self.python.libc.version[1]]
        return f"{arch}-manylinux_2_{max(known)}" if known else None

    @property
    def markers(self) -> dict[str, str]:
        """Return what environment markers are evaluated with (PEP 508).

        Of the Python only the minor version is known; its first release stands for all, as it
        does in pip and uv.
        """
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.version}.0",
            "os_name": "posix",
            "platform_machine": self.platform.wheel_arch,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.version}.0",
            "python_version": self.version,
            "sys_platform": "linux",
        }
