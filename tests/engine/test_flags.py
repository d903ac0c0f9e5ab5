"""The flags of compilers, tried on them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.config import Helper, Libc
from hatch_multiarch.engine.flags import Compiler, build_tags, zig_compiler
from hatch_multiarch.plan import Unit
from hatch_multiarch.platforms import lookup

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["linux/amd64", "darwin/arm64", "windows/amd64", "windows/386"])
def test_objects_are_the_same_bytes_whatever_cache_zig_has(name: str, tmp_path: Path) -> None:
    """They are in the build ID that Go gives a binary, though nothing else in it tells of them."""
    row = lookup(name)
    assert row
    unit = Unit(Helper("tone", cgo=True), row, Libc("glibc"), "zig", tmp_path, tmp_path / "tone")
    compiler = zig_compiler(unit, "0.17.1", "tone.compiler")
    source = tmp_path / "tone.c"
    source.write_text("int tone(int x) { return x + 1; }\n", "utf-8")
    made = []
    for number in (1, 2):
        env = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(tmp_path / f"cache-{number}")}
        command = [sys.executable, "-m", "ziglang", *shlex.split(compiler.cc)[1:], "-g", "-O2"]
        command += [*compiler.flags, "-c", str(source), "-o", str(tmp_path / f"{number}.o")]
        subprocess.run(command, env=env, check=True)
        made.append((tmp_path / f"{number}.o").read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("name", "libc", "tags"),
    [
        ("linux/amd64", "static", "own,netgo,osusergo"),
        ("linux/amd64", "glibc", "own"),
        ("linux/amd64", "musl", "own"),
        # Only Linux heeds libc: elsewhere the system's own resolver is always there.
        ("darwin/arm64", "static", "own"),
        ("windows/amd64", "static", "own"),
    ],
)
def test_a_static_libc_leaves_names_to_go(name, libc, tags, tmp_path):
    helper = Helper("greet", cgo=True, tags=("own",))
    unit = Unit(helper, lookup(name), Libc(libc), "zig", tmp_path, tmp_path / "greet")
    assert build_tags(unit, Compiler("zig", cc="zig cc")) == f"-tags={tags}"
    assert build_tags(unit, Compiler("none")) == "-tags=own"
