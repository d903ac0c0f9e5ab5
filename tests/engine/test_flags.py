"""Flags of ``go build`` that depend on the platform."""

from __future__ import annotations

import pytest

from hatch_multiarch.config import Helper, Libc
from hatch_multiarch.engine.flags import Compiler, build_tags
from hatch_multiarch.plan import Unit
from hatch_multiarch.platforms import lookup


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
