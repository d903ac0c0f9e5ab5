"""Which Python and which libc a base has, read from programs that real compilers made."""

from __future__ import annotations

import subprocess
import sys

import pytest
from layouts import Layout, tar

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base import BasePython, find_python, open_base, read_files
from hatch_multiarch.image.base.python import Libc, look, wanted
from hatch_multiarch.platforms import lookup

pytestmark = pytest.mark.slow

GLIBC = b"\0GNU C Library (Debian GLIBC 2.31-13+deb11u11) stable release version 2.31.\n"
MUSL = b"\0001.2.5\0"
TARGETS = {
    "amd64": "x86_64-linux-gnu.2.17",
    "arm64": "aarch64-linux-gnu.2.17",
    "musl": "x86_64-linux-musl",
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A dynamic program per target: name -> bytes."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "main.c").write_text("int main(void) { return 0; }\n")
    made = {}
    for name, target in TARGETS.items():
        more = (
            ["-dynamic", "-Wl,-dynamic-linker,/lib/ld-musl-x86_64.so.1"] if name == "musl" else []
        )
        zig = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-s", *more]
        subprocess.run([*zig, "-o", folder / name, folder / "main.c"], check=True)
        made[name] = (folder / name).read_bytes()
    return made


@pytest.fixture
def find(tmp_path):
    def find(*entries, platform="linux/amd64"):
        layout = Layout(tmp_path / "base")
        layout.finish(layout.image(platform, tar(*entries)))
        (tmp_path / "kept").mkdir()
        row = lookup(platform)
        with open_base("oci:base", tmp_path, {}) as base:
            tree = read_files(base, base.resolve(row), wanted, tmp_path / "kept")
        look(tree)
        return find_python(tree, row, "oci:base")

    return find


def libc(program, said=GLIBC):
    """A library for the machine of *program* that says which it is."""
    return program[:64] + said


def test_the_official_image_comes_before_the_distribution(find, programs):
    python = programs["amd64"]
    found = find(
        ("usr/bin/python3.14", python),
        ("usr/local/bin/python3", "python3.12"),
        ("usr/local/bin/python3.12", python),
        ("usr/local/bin/python3.13", b"not the one that python3 means"),
        ("usr/local/bin/python3.13t", b"not a name of ours"),
        ("lib", "usr/lib"),
        (
            "usr/lib/i386-linux-gnu/libc.so.6",
            libc(programs["arm64"], b"\0GNU C Library version 2.1"),
        ),
        ("usr/lib/x86_64-linux-gnu/libc.so.6", "libc-2.31.so"),
        ("usr/lib/x86_64-linux-gnu/libc-2.31.so", libc(python)),
    )
    assert found == BasePython((3, 12), "/usr/local/bin/python3.12", Libc("glibc", (2, 31)))


def test_the_newest_where_nothing_says_which(find, programs):
    found = find(
        ("bin", "usr/bin"),
        ("usr/bin/python3.9", programs["arm64"]),
        ("usr/bin/python3.11", programs["arm64"]),
        ("lib/libc.so.6", libc(programs["arm64"])),
        platform="linux/arm64",
    )
    assert (found.name, found.path) == ("python3.11", "/usr/bin/python3.11")


def test_musl(find, programs):
    found = find(
        ("usr/local/bin/python3.13", programs["musl"]),
        ("lib/ld-musl-x86_64.so.1", libc(programs["musl"], MUSL)),
        ("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1"),
    )
    assert found == BasePython((3, 13), "/usr/local/bin/python3.13", Libc("musl", (1, 2)))


def test_none_at_all(find):
    assert find(("usr/bin/python2.7", b""), ("bin/sh", b"")) is None


@pytest.mark.parametrize(
    ("python", "more", "message"),
    [
        ("arm64", (), "/usr/bin/python3.11 on linux/amd64 is a program for arm64"),
        ("amd64", (), "needs a C library whose version cannot be told"),
        (b"#!/bin/sh\n", (), "is not an executable"),
        ("musl", (("lib/libc.so.6", GLIBC),), "needs a C library whose version cannot be told"),
    ],
)
def test_what_is_no_python_of_this_platform(find, programs, python, more, message):
    content = python if isinstance(python, bytes) else programs[python]
    with pytest.raises(ImageError) as caught:
        find(("usr/bin/python3.11", content), *more)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
