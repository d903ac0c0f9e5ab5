"""Every refusal of a binary, with its exact words."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import auditwheel
import pytest

from hatch_multiarch.audit import BinaryInfo, GoBuild, check, check_exports, check_imports, read
from hatch_multiarch.audit.binary_check import ALLOWED, allowed
from hatch_multiarch.config import Libc, read_table
from hatch_multiarch.errors import AuditError
from hatch_multiarch.platforms import all_platforms, lookup

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STATIC = Libc("static")
MUSL = Libc("musl")
GLIBC = Libc("glibc", (2, 17))


def facts(name, **more):
    """Return the facts of a program for the platform *name*, static unless told."""
    os, architecture, *variant = name.split("/")
    linux = os == "linux"
    plain = {
        "format": {"linux": "elf", "darwin": "macho", "windows": "pe"}.get(os, "elf"),
        "signed": os == "darwin",
        "variant": variant[0] if variant else None,
        "libc": "static" if linux else "none",
        "interpreter": None,
    }
    return BinaryInfo(os=os, architecture=architecture, **{**plain, **more})


def universal(*parts):
    return facts("darwin/universal2", parts=parts)


def dynamic(name, **more):
    platform = lookup(name)
    plain = {"libc": "glibc", "interpreter": platform.loader, "needed": ("libc.so.6",)}
    return facts(name, **{**plain, **more})


def level(name, **settings):
    return facts(name, go=GoBuild("go1.27.3", "example.com/x", settings))


REFUSALS = [
    (
        facts("linux/amd64"), "linux/arm64", STATIC,
        "greet is a program for linux/amd64, but it is meant for linux/arm64",
    ),
    (
        facts("darwin/arm64"), "linux/arm64", STATIC,
        "greet is a program for darwin/arm64, but it is meant for linux/arm64",
    ),
    (
        facts("freebsd/amd64"), "linux/amd64", STATIC,
        "greet is a program for freebsd/amd64, but it is meant for linux/amd64",
    ),
    (
        facts("windows/amd64"), "windows/386", STATIC,
        "greet is a program for windows/amd64, but it is meant for windows/386",
    ),
    (
        facts("linux/arm/v7"), "linux/arm/v6", STATIC,
        "greet is a program for linux/arm/v7, but it is meant for linux/arm/v6",
    ),
    (
        facts("linux/arm/v6"), "linux/arm/v5", STATIC,
        "greet is a program for linux/arm/v6, but it is meant for linux/arm/v5",
    ),
    (
        level("linux/amd64", GOAMD64="v3"), "linux/amd64", STATIC,
        ("greet was built with GOAMD64=v3; wheel tags can't express that it needs a "
        "newer processor, so pip would install it on machines where it "
        "crashes"),
    ),
    (
        level("darwin/arm64", GOARM64="v8.1"), "darwin/arm64", STATIC,
        ("greet was built with GOARM64=v8.1; wheel tags can't express that it needs a "
        "newer processor, so pip would install it on machines where it "
        "crashes"),
    ),
    (
        dynamic("linux/amd64"), "linux/amd64", STATIC,
        'greet is dynamic (it needs libc.so.6), but libc = "static" requires a static program',
    ),
    (
        dynamic("linux/amd64", needed=()), "linux/amd64", MUSL,
        ('greet is dynamic (it needs /lib64/ld-linux-x86-64.so.2), but libc = "musl" requires '
        "a static program"),
    ),
    (
        dynamic("linux/arm64", libc="musl", interpreter="/lib/ld-musl-aarch64.so.1"),
        "linux/arm64", MUSL,
        "greet needs musl's loader (/lib/ld-musl-aarch64.so.1); a helper for musl must be static",
    ),
    (
        dynamic("linux/arm64", needed=("libopus.so.0", "libc.so.6", "libz.so.1")),
        "linux/arm64", GLIBC,
        "greet needs libopus.so.0, libz.so.1, which a Linux wheel can't rely on",
    ),
    (
        dynamic("linux/arm64", glibc=(2, 34), glibc_symbol="pthread_create"),
        "linux/arm64", GLIBC,
        ('greet needs glibc 2.34 (pthread_create@GLIBC_2.34), more than libc = "glibc:2.17" '
        "allows on linux/arm64"),
    ),
    (
        dynamic("linux/amd64", interpreter="/nix/store/x-glibc/lib/ld-linux-x86-64.so.2"),
        "linux/amd64", GLIBC,
        ("greet starts with the loader /nix/store/x-glibc/lib/ld-linux-x86-64.so.2, but on "
        "linux/amd64 it is /lib64/ld-linux-x86-64.so.2"),
    ),
    (
        dynamic("linux/arm/v7", interpreter="/lib/ld-linux.so.3"), "linux/arm/v7", GLIBC,
        ("greet starts with the loader /lib/ld-linux.so.3, but on linux/arm/v7 it is "
        "/lib/ld-linux-armhf.so.3"),
    ),
    (
        facts("darwin/arm64", needed=("/usr/lib/libSystem.B.dylib", "@rpath/libopus.dylib")),
        "darwin/arm64", STATIC,
        "greet needs @rpath/libopus.dylib, which is not part of macOS",
    ),
    (
        facts("darwin/arm64"), "darwin/universal2", STATIC,
        "greet is a program for darwin/arm64, but it is meant for darwin/universal2",
    ),
    (
        universal(facts("darwin/amd64"), facts("darwin/arm64", signed=False)),
        "darwin/universal2", STATIC,
        ("greet, its program for arm64, has no code signature, and macOS on arm64 doesn't "
         "start unsigned programs"),
    ),
    (
        universal(level("darwin/amd64", GOAMD64="v3"), facts("darwin/arm64")),
        "darwin/universal2", STATIC,
        ("greet, its program for amd64, was built with GOAMD64=v3; wheel tags can't express that "
         "it needs a newer processor, so pip would install it on machines where it crashes"),
    ),
    (
        universal(facts("darwin/amd64", needed=("@rpath/libopus.dylib",)), facts("darwin/arm64")),
        "darwin/universal2", STATIC,
        "greet, its program for amd64, needs @rpath/libopus.dylib, which is not part of macOS",
    ),
    (
        facts("darwin/arm64", signed=False), "darwin/arm64", STATIC,
        "greet has no code signature, and macOS on arm64 doesn't start unsigned programs",
    ),
    (
        facts("windows/amd64", needed=("kernel32.dll", "libwinpthread-1.dll")),
        "windows/amd64", STATIC,
        "greet needs libwinpthread-1.dll, which is not part of Windows",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("found", "name", "libc", "message"), REFUSALS)
def test_a_binary_is_refused_with_these_words(found, name, libc, message):
    with pytest.raises(AuditError) as caught:
        check(found, file="greet", platform=lookup(name), libc=libc)
    assert caught.value.message == message
    assert caught.value.advice


@pytest.mark.parametrize("made", ["go", "prebuilt"])
@pytest.mark.parametrize(("found", "name", "libc", "message"), REFUSALS)
def test_no_hint_names_a_key_that_the_helper_may_not_have(found, name, libc, message, made):
    """A compiler, or libc = "static", for what no compiler of ours makes ends in another error."""
    with pytest.raises(AuditError) as caught:
        check(found, file="greet", platform=lookup(name), libc=libc, made=made)
    assert caught.value.message == message
    for key in ('compiler = "', 'libc = "static"', 'libc = "musl"'):
        assert key not in caught.value.advice
    for line in re.findall(r'libc = "[^"]*"', caught.value.advice):
        table = {"helpers": {"greet": tomllib.loads(line)}}
        if made == "prebuilt":
            table["helpers"]["greet"]["prebuilt"] = "made/greet"
        read_table(table)


@pytest.mark.parametrize(
    ("found", "name", "libc"),
    [
        *((facts(row.name), row.name, STATIC) for row in all_platforms()),
        *((dynamic(row.name), row.name, GLIBC) for row in all_platforms() if row.loader),
        (facts("linux/arm/v5"), "linux/arm/v7", STATIC),
        (facts("linux/arm"), "linux/arm/v6", STATIC),
        (facts("linux/amd64"), "linux/amd64", MUSL),
        (facts("linux/amd64"), "linux/amd64", GLIBC),
        (dynamic("linux/amd64", glibc=(2, 17)), "linux/amd64", GLIBC),
        (dynamic("linux/amd64", glibc=(2, 41)), "linux/amd64", Libc("glibc")),
        (level("linux/386", GO386="softfloat"), "linux/386", STATIC),
        (level("linux/amd64", GOAMD64="v1"), "linux/amd64", STATIC),
        (facts("darwin/amd64", needed=("/usr/lib/libresolv.9.dylib",)), "darwin/amd64", STATIC),
        (facts("darwin/amd64", signed=False), "darwin/amd64", STATIC),
        (
            universal(facts("darwin/amd64", signed=False), facts("darwin/arm64")),
            "darwin/universal2",
            STATIC,
        ),
        (facts("windows/386", needed=("api-ms-win-crt-heap-l1-1-0.dll",)), "windows/386", STATIC),
    ],
)
def test_a_binary_that_fits_is_let_through(found, name, libc):
    check(found, file="greet", platform=lookup(name), libc=libc)


def library(name, **more):
    loaded = {"kind": "library", "exports": ("Add",)}
    make = facts if lookup(name).os != "linux" else dynamic
    return replace(make(name, **loaded), interpreter=None, **more)


@pytest.mark.parametrize("name", [row.name for row in all_platforms()])
def test_a_library_that_fits_is_let_through(name):
    found = library(name)
    check(found, file="tone", platform=lookup(name), libc=GLIBC, kind="library")
    check_exports(found, file="tone", functions=["Add"])


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (dynamic("linux/amd64"), "tone is a program, and not a library"),
        (
            library("linux/arm64"),
            "tone is a library for linux/arm64, but it is meant for linux/amd64",
        ),
        (
            library("linux/amd64", unsafe="an executable stack"),
            "tone needs an executable stack, and many systems don't load such a library",
        ),
        (
            library("linux/amd64", libc="musl", needed=("libc.so",)),
            "tone was linked against musl; a library must be linked against glibc",
        ),
        (
            library("linux/amd64", needed=("libopus.so.0",)),
            "tone needs libopus.so.0, which a Linux wheel can't rely on",
        ),
        (
            library("linux/amd64", glibc=(2, 34), glibc_symbol="dlopen"),
            ('tone needs glibc 2.34 (dlopen@GLIBC_2.34), more than libc = "glibc:2.17" allows on '
            "linux/amd64"),
        ),
    ],
)  # fmt: skip
def test_a_library_is_refused_with_these_words(found, message):
    with pytest.raises(AuditError) as caught:
        check(found, file="tone", platform=lookup("linux/amd64"), libc=GLIBC, kind="library")
    assert caught.value.message == message
    assert 'libc = "static"' not in caught.value.advice


def test_a_library_where_a_program_is_meant():
    with pytest.raises(AuditError, match="greet is a library, and not a program") as caught:
        check(library("linux/amd64"), file="greet", platform=lookup("linux/amd64"), libc=GLIBC)
    assert caught.value.advice.endswith('kind = "library"')


@pytest.mark.parametrize(
    ("exports", "functions", "message"),
    [
        (("Add",), ("Add", "Sub"), "tone does not export Sub"),
        ((), (), "tone does not export anything"),
    ],
)
def test_a_library_that_hides_its_functions(exports, functions, message):
    with pytest.raises(AuditError) as caught:
        check_exports(library("linux/amd64", exports=exports), file="tone", functions=functions)
    assert caught.value.message == message


def test_no_library_is_allowed_that_a_policy_forbids():
    stored = Path(auditwheel.__file__).with_name("policy") / "manylinux-policy.json"
    policies = json.loads(stored.read_text(encoding="utf-8"))
    real = [each for each in policies if each["name"] != "linux"]
    assert len(real) > 10
    for policy in real:
        assert set(policy["lib_whitelist"]) >= ALLOWED, policy["name"]


def test_the_loaders_themselves_may_be_needed():
    assert all(allowed(Path(row.loader).name, row) for row in all_platforms() if row.loader)
    for library in ("libstdc++.so.6", "libc.so", "ld-linux-evil.so.2", ""):
        assert not any(allowed(library, row) for row in all_platforms() if row.loader)


def _make(kind, path):
    if kind == "link":
        path.symlink_to("/bin/sh")
    elif kind == "dangling":
        path.symlink_to("nowhere")
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind != "missing":
        path.write_bytes(kind)


@pytest.mark.skipif(os.name == "nt", reason="needs links and fifos")
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("link", "greet is not an executable: it is not a regular file (links are not followed)"),
        (
            "dangling",
            "greet is not an executable: it is not a regular file (links are not followed)",
        ),
        ("folder", "greet is not an executable: it is not a regular file (links are not followed)"),
        ("fifo", "greet is not an executable: it is not a regular file (links are not followed)"),
        ("missing", "greet cannot be read: No such file or directory"),
        (b"", "greet is not an executable: it is not an ELF, Mach-O or PE file"),
        (b"#!", "greet is not an executable: it is not an ELF, Mach-O or PE file"),
        (b"#!/bin/sh\n", "greet is not an executable: it is not an ELF, Mach-O or PE file"),
        (b"MZ", "greet is not an executable: 4 bytes at offset 60 are outside the file"),
        (
            b"\xca\xfe\xba\xbe\0\0\0\2",
            "greet is not an executable: 20 bytes at offset 8 are outside the file",
        ),
        (
            b"\xca\xfe\xba\xbe\0\0\0\1\1\0\0\7" + bytes(16),
            (
                "greet is not an executable: it is a universal (fat) Mach-O file with programs for "
                "amd64, and it isn't clear which one to use"
            ),
        ),
        (
            b"\xca\xfe\xba\xbe\xff\0\0\0",
            "greet is not an executable: it claims 4278190080 processors",
        ),
        (
            b"\xcf\xfa\xed\xfe\7\0\0\1",
            "greet is not an executable: 24 bytes at offset 0 are outside the file",
        ),
    ],
)
def test_what_is_no_program(kind, message, tmp_path):
    _make(kind, tmp_path / "greet")
    with pytest.raises(AuditError) as caught:
        read(tmp_path / "greet")
    assert caught.value.message == message


def test_imports_that_no_library_is_known_to_export_are_refused():
    known = {"/usr/lib/libSystem.B.dylib": {"_open", "_close"}}
    found = facts("darwin/arm64", imports={"/usr/lib/libSystem.B.dylib": ["_close", "_open"]})
    check_imports(found, file="greet", exports=known)
    for imports, says in (
        (
            {"/usr/lib/libSystem.B.dylib": ["_open", "_opne"]},
            "_opne from /usr/lib/libSystem.B.dylib",
        ),
        ({"/usr/lib/libz.1.dylib": ["_inflate"]}, "_inflate from /usr/lib/libz.1.dylib"),
        ({"": ["_lookup"]}, "_lookup from no library"),
    ):
        found = facts("darwin/arm64", imports=imports)
        with pytest.raises(AuditError, match=f"greet takes {says}, which isn't known to export it"):
            check_imports(found, file="greet", exports=known)
