"""The C compiler of a unit inside the builder stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.engine.flags import Compiler, gnu_link, is_static, zig_compiler

if TYPE_CHECKING:
    from hatch_multiarch.plan import Unit

NO_GCC = "none"
"""Prefix of the gcc where a platform needs none."""


def stage_compiler(unit: Unit, zig: str) -> Compiler:
    """Return the compiler of *unit*, whose name is completed once it has told its version.

    *zig* is the specifier of tool.multiarch.toolchain.zig. Raises ToolchainError when zig cannot
    compile for the platform; the planner has refused every other compiler.
    """
    if unit.compiler == "none":
        return Compiler("none")
    if unit.compiler == "zig":
        version = zig.removeprefix("==")
        return zig_compiler(unit, version, f"tool.multiarch.helpers.{unit.helper.name}.compiler")
    prefix = unit.platform.triple
    link = gnu_link(static=is_static(unit))
    return Compiler(f"{prefix}-gcc", cc=f"{prefix}-gcc", cxx=f"{prefix}-g++", link=link)
