"""Which Python and which libc a base has, read from programs that real compilers made."""

from __future__ import annotations

import subprocess
import sys

import pytest
from layouts import Layout, tar

from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base import BasePython, open_base
from hatch_multiarch.image.base.libc import Libc
from hatch_multiarch.image.resolved_base import resolve_base
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
        zig = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-O2", "-Wl,-s", *more]
        subprocess.run([*zig, "-o", folder / name, folder / "main.c"], check=True)
        made[name] = (folder / name).read_bytes()
    return made


@pytest.fixture
def find(tmp_path):
    """Find the Python of a base of `layers`, each a list of entries, or of one, the `entries`."""

    def find(*entries, layers=(), platform="linux/amd64", path=None):
        layout = Layout(tmp_path / "base")
        config = {"Env": [f"PATH={path}"]} if path else None
        tars = [tar(*each) for each in layers or [entries]]
        layout.finish(layout.image(platform, *tars, config=config))
        with open_base("oci:base", tmp_path, {}) as base:
            made = resolve_base(base, lookup(platform), (), tmp_path, BuildCache(None))
        return made.python

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


USUAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UV = "usr/local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3.13"

# Bases by what they are: PATH, layers (True is the program), and the Python that is found.
BASES = {
    "a Python of uv, linked from /usr/local/bin": (
        USUAL,
        [
            [
                (UV, True),
                ("usr/local/bin/python3.13", f"/{UV}"),
                ("usr/local/bin/python3", "python3.13"),
            ]
        ],
        (13, UV),
    ),
    "a virtual environment on PATH": (
        f"/app/.venv/bin:{USUAL}",
        [[(UV, True), ("app/.venv/bin/python3", "python"), ("app/.venv/bin/python", f"/{UV}")]],
        (13, UV),
    ),
    "Red Hat's platform-python behind alternatives": (
        USUAL,
        [
            [
                ("usr/libexec/platform-python3.6", True),
                ("usr/bin/python3.6", "../libexec/platform-python3.6"),
                ("etc/alternatives/python3", "/usr/bin/python3.6"),
                ("usr/bin/python3", "/etc/alternatives/python3"),
            ]
        ],
        (6, "usr/libexec/platform-python3.6"),
    ),
    "Red Hat's platform-python, without a version in its own name": (
        USUAL,
        [
            [
                ("usr/libexec/platform-python", True),
                ("usr/bin/python3.6", "../libexec/platform-python"),
            ]
        ],
        (6, "usr/libexec/platform-python"),
    ),
    "source-to-image: an environment in /opt/app-root": (
        f"/opt/app-root/src/bin:/opt/app-root/bin:{USUAL}",
        [[("usr/bin/python3.11", True), ("opt/app-root/bin/python3", "/usr/bin/python3.11")]],
        (11, "usr/bin/python3.11"),
    ),
    "/usr/local is a link": (
        USUAL,
        [[("usr/local", "../var/usrlocal"), ("var/usrlocal/bin/python3.12", True)]],
        (12, "var/usrlocal/bin/python3.12"),
    ),
    "/usr/local/bin is a link": (
        USUAL,
        [[("opt/py/bin/python3.12", True), ("usr/local/bin", "/opt/py/bin")]],
        (12, "opt/py/bin/python3.12"),
    ),
    "/bin is a link, and a layer stores through it": (
        USUAL,
        [[("bin", "usr/bin"), ("usr/bin", None)], [("bin/python3.11", True)]],
        (11, "usr/bin/python3.11"),
    ),
    "/usr is a link, and a layer stores where that leads": (
        USUAL,
        [[("usr", "system"), ("system/bin", None)], [("system/bin/python3.11", True)]],
        (11, "system/bin/python3.11"),
    ),
    "a hard link to python3.11t": (
        USUAL,
        [
            [
                ("usr/local/bin/python3.11t", True),
                ("usr/local/bin/python3.11", ("hard", "usr/local/bin/python3.11t")),
            ]
        ],
        (11, "usr/local/bin/python3.11"),
    ),
    "a chain of hard links over layers": (
        USUAL,
        [
            [("opt/a/interpreter", True)],
            [("opt/b/interpreter", ("hard", "opt/a/interpreter"))],
            [("usr/bin/python3.10", ("hard", "opt/b/interpreter")), ("opt/.wh.a", b"")],
        ],
        (10, "usr/bin/python3.10"),
    ),
    "conda": (
        f"/opt/conda/bin:{USUAL}",
        [
            [
                ("opt/conda/bin/python3.12", True),
                ("opt/conda/bin/python3", "python3.12"),
                ("usr/bin/python3.9", b"Debian's"),
            ]
        ],
        (12, "opt/conda/bin/python3.12"),
    ),
    "Lambda": (
        "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        [
            [
                ("var/lang/bin/python3.13", True),
                ("var/lang/bin/python3", "python3.13"),
                ("usr/bin/python3", b"dnf's"),
            ]
        ],
        (13, "var/lang/bin/python3.13"),
    ),
    "PATH without the usual folders": (
        "/srv/bin",
        [[("usr/local/bin/python3.12", True)]],
        (12, "usr/local/bin/python3.12"),
    ),
    "no PATH": (None, [[("usr/local/bin/python3.12", True)]], (12, "usr/local/bin/python3.12")),
    "folders of PATH that are no absolute ones": (
        "bin:.::/opt/x/../y/bin",
        [[("opt/y/bin/python3.12", True)]],
        (12, "opt/y/bin/python3.12"),
    ),
    "only called python3, its library tells the version": (
        f"/opt/py/bin:{USUAL}",
        [[("opt/py/bin/python3", True), ("opt/py/lib/python3.12/os.py", b"")]],
        (12, "opt/py/bin/python3"),
    ),
    "only called python3, in Fedora's lib64": (
        USUAL,
        [
            [
                ("usr/bin/python3", True),
                ("usr/lib/python3.9/site-packages", None),
                ("usr/lib64/python3.14/os.pyc", b""),
            ]
        ],
        (14, "usr/bin/python3"),
    ),
    "python3 without a version, beside one with": (
        USUAL,
        [[("usr/bin/python3.9", True), ("usr/bin/python3", ("hard", "usr/bin/python3.9"))]],
        (9, "usr/bin/python3.9"),
    ),
    "only called python, a link": (
        USUAL,
        [[("opt/py3/bin/python3.12", True), ("usr/bin/python", "/opt/py3/bin/python3.12")]],
        (12, "opt/py3/bin/python3.12"),
    ),
    "python3 leads nowhere": (
        USUAL,
        [[("usr/bin/python3", "/gone"), ("usr/bin/python3.11", True)]],
        (11, "usr/bin/python3.11"),
    ),
    "a lower layer's Python was replaced": (
        USUAL,
        [[("usr/bin/python3.11", b"no program")], [("usr/bin/python3.11", True)]],
        (11, "usr/bin/python3.11"),
    ),
    "python2 alone": (
        USUAL,
        [
            [
                ("usr/bin/python2.7", True),
                ("usr/bin/python", "python2.7"),
                ("usr/lib/python3/os.py", b""),
            ]
        ],
        None,
    ),
}


@pytest.mark.parametrize("name", BASES)
def test_bases_that_people_use(find, programs, name):
    path, layers, expected = BASES[name]
    program = programs["amd64"]
    own = [[(each, program if what is True else what) for each, what in layer] for layer in layers]
    own[0].append(("lib/x86_64-linux-gnu/libc.so.6", libc(program)))
    found = find(layers=own, path=path)
    if expected is None:
        assert found is None
    else:
        minor, where = expected
        assert found == BasePython((3, minor), f"/{where}", Libc("glibc", (2, 31)))


def test_a_c_library_behind_links(find, programs):
    musl = programs["musl"]
    found = find(
        layers=[
            [("usr/lib/libc.so", libc(musl, MUSL)), ("usr/lib/ld-musl-x86_64.so.1", "libc.so")],
            [("lib", "usr/lib"), ("usr/bin/python3.13", musl)],
        ]
    )
    assert found.libc == Libc("musl", (1, 2))


def test_none_at_all(find):
    assert find(("usr/bin/python2.7", b""), ("bin/sh", b"")) is None


@pytest.mark.parametrize(
    ("python", "more", "message"),
    [
        ("arm64", (), "/usr/bin/python3.11 on linux/amd64 is a program for arm64"),
        ("amd64", (), "needs a C library of unknown version"),
        (b"#!/bin/sh\n", (), "is not an executable"),
        ("musl", (("lib/libc.so.6", GLIBC),), "needs a C library of unknown version"),
        (
            "amd64",
            (("lib/libc.so.6", True), ("usr/lib/python3.11t/os.py", b"")),
            "is a free-threaded Python",
        ),
    ],
)
def test_what_is_no_python_of_this_platform(find, programs, python, more, message):
    content = python if isinstance(python, bytes) else programs[python]
    more = [(name, libc(content) if what is True else what) for name, what in more]
    with pytest.raises(ImageError) as caught:
        find(("usr/bin/python3.11", content), *more)
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def test_a_version_that_nothing_tells(find, programs):
    python = programs["amd64"]
    with pytest.raises(
        ImageError, match=r"/usr/bin/python3 on linux/amd64 is a Python 3 of unknown"
    ):
        find(("usr/bin/python3", python), ("lib/libc.so.6", libc(python)))
