"""The forms that layers have in the wild: each is read right, or refused in one clear line."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import zlib

import pytest
from layouts import OCI, Layout, tar, zstd

from hatch_multiarch.config import Image
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base import open_base, read_files
from hatch_multiarch.image.entrypoint import Command
from hatch_multiarch.image.image_config import BaseConfig
from hatch_multiarch.platforms import lookup

LONG = "usr/share/" + "n" * 90 + "/" + "m" * 90
"""Longer than the 100 characters of a plain header."""
DEEP = {"usr": "folder", "usr/share": "folder", LONG[:100]: "folder", LONG: "file"}
END = bytes(1024)


def typed(kind, **more):
    return {"type": kind, **more}


def formed(*entries, form=tarfile.GNU_FORMAT, **options):
    """Return a tar of regular files in another of the formats that tarfile writes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, **options) as archive:
        for name, data in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def header(name, size, kind=b"0"):
    """Return a header in V7's format: no magic, no user names."""
    fields = name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2
    fields += b"%011o\0" % size + b"%011o\0" % 0
    rest = (kind + bytes(100)).ljust(512 - len(fields) - 8, b"\0")
    total = sum(fields) + sum(rest) + 8 * 32
    return fields + b"%06o\0 " % total + rest


def sparse_gnu(name, data, real):
    """Return a file of *real* bytes that GNU tar stored as a hole and *data* behind it."""
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    block = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    block[156:157] = b"S"
    block[386:410] = b"%011o\0%011o\0" % (real - len(data), len(data))
    block[483:495] = b"%011o\0" % real
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + data.ljust(-(-len(data) // 512) * 512, b"\0")


def named_gzip(data):
    """Return gzip as `gzip FILE` writes it, with a name, and a comment."""
    body = zlib.compressobj(wbits=-15)
    packed = body.compress(data) + body.flush()
    about = b"\x1f\x8b\x08\x18" + bytes(6) + b"layer.tar\0" + b"a comment\0"
    return about + packed + struct.pack("<II", zlib.crc32(data), len(data))


def halves(data, pack):
    middle = len(data) // 2
    return pack(data[:middle]) + pack(data[middle:])


SKIPPED = struct.pack("<II", 0x184D2A50, 5) + b"index"
"""A frame of zstd that readers pass over: zstd:chunked has its table of contents in one."""
X = tar(("x", b"1"))
TWO = tar(("a/b", b"1"), ("a/c", b"1"), ("d", b"1"))
FILES = {"a": "folder", "a/b": "file", "a/c": "file", "d": "file"}

RIGHT = {
    "several frames of zstd": ([X], {"x": "file"}, lambda data: halves(data, zstd)),
    "zstd:chunked, a skippable frame behind": ([X], {"x": "file"}, lambda d: zstd(d) + SKIPPED),
    "a skippable frame in front": ([X], {"x": "file"}, lambda data: SKIPPED + zstd(data)),
    "several members of gzip": ([X], {"x": "file"}, lambda data: halves(data, gzip.compress)),
    "eStargz, an empty member behind": (
        [X],
        {"x": "file"},
        lambda d: gzip.compress(d) + gzip.compress(b""),
    ),
    "gzip padded with zeros": ([X], {"x": "file"}, lambda data: gzip.compress(data) + bytes(700)),
    "gzip with a name and a comment": ([X], {"x": "file"}, named_gzip),
    "a plain tar called gzip": ([X], {"x": "file"}, bytes),
    "gzip called zstd": ([X], {"x": "file"}, gzip.compress),
    "an empty layer of docker": ([X, END], {"x": "file"}, gzip.compress),
    "a layer of no bytes": ([X, b""], {"x": "file"}, gzip.compress),
    "no end of archive": ([X.rstrip(b"\0").ljust(1024, b"\0")], {"x": "file"}, gzip.compress),
    "bytes behind the end of the archive": ([X + b"?" * 999], {"x": "file"}, gzip.compress),
    "an opaque whiteout": (
        [TWO, tar(("a/.wh..wh..opq", b""))],
        {"a": "folder", "d": "file"},
        gzip.compress,
    ),
    "an opaque whiteout behind its files": (
        [TWO, tar(("a/n", b""), ("a/.wh..wh..opq", b""))],
        {"a": "folder", "a/n": "file", "d": "file"},
        gzip.compress,
    ),
    "an opaque whiteout of the root": (
        [TWO, tar((".wh..wh..opq", b""), ("n", b""))],
        {"n": "file"},
        gzip.compress,
    ),
    "a whiteout of a folder": ([TWO, tar((".wh.a", b""))], {"d": "file"}, gzip.compress),
    "a whiteout of what is missing": (
        [TWO, tar((".wh.z", b""), ("q/.wh.z", b""))],
        FILES,
        gzip.compress,
    ),
    "a folder in place of a file": (
        [TWO, tar(("d", None), ("d/e", b""))],
        {**FILES, "d": "folder", "d/e": "file"},
        gzip.compress,
    ),
    "a file in place of a folder": (
        [TWO, tar(("a", b""))],
        {"a": "file", "d": "file"},
        gzip.compress,
    ),
    "leftovers of aufs": (
        [
            tar(
                (".wh..wh.aufs", b""),
                (".wh..wh.orph", None),
                (".wh..wh.plnk", None),
                (".wh..wh.plnk/7.8", b"1"),
                ("x", ("hard", ".wh..wh.plnk/7.8")),
            )
        ],
        {"x": "file"},
        gzip.compress,
    ),
    "long names of pax": ([tar((LONG, b""))], DEEP, gzip.compress),
    "long names of GNU tar": ([formed((LONG, b""))], DEEP, gzip.compress),
    "a prefix of ustar": ([formed((LONG, b""), form=tarfile.USTAR_FORMAT)], DEEP, gzip.compress),
    "a header of V7": (
        [header("x", 1) + b"1".ljust(512, b"\0") + END],
        {"x": "file"},
        gzip.compress,
    ),
    "pax headers for all": (
        [formed(("x", b"1"), form=tarfile.PAX_FORMAT, pax_headers={"comment": "git"})],
        {"x": "file"},
        gzip.compress,
    ),
    "extended attributes": (
        [tar(("x", b"1", {"pax_headers": {"SCHILY.xattr.security.capability": "\x01"}}))],
        {"x": "file"},
        gzip.compress,
    ),
    "names that are not UTF-8": (
        [formed(("caf\udce9", b"1"))],
        {"caf\udce9": "file"},
        gzip.compress,
    ),
    "devices and a pipe": (
        [
            tar(
                ("dev/null", None, typed(tarfile.CHRTYPE)),
                ("dev/sda", None, typed(tarfile.BLKTYPE)),
                ("run/p", None, typed(tarfile.FIFOTYPE)),
            )
        ],
        {
            "dev": "folder",
            "dev/null": "other",
            "dev/sda": "other",
            "run": "folder",
            "run/p": "other",
        },
        gzip.compress,
    ),
    "a whiteout by a device of overlayfs stays a device": (
        [TWO, tar(("d", None, typed(tarfile.CHRTYPE)))],
        {**FILES, "d": "other"},
        gzip.compress,
    ),
    "a chain of hard links": (
        [
            tar(("a", b"1"), ("b", ("hard", "a")), ("c", ("hard", "./b"))),
            tar(("d", ("hard", "/c"))),
        ],
        {"a": "file", "b": "file", "c": "file", "d": "file"},
        gzip.compress,
    ),
    "a hard link to a link": (
        [tar(("a", b"1"), ("l", "a"), ("h", ("hard", "l")))],
        {"a": "file", "l": "link", "h": "link"},
        gzip.compress,
    ),
    "a hard link to a device": (
        [tar(("a", None, typed(tarfile.CHRTYPE)), ("h", ("hard", "a")))],
        {"a": "other", "h": "other"},
        gzip.compress,
    ),
    "the same name twice": (
        [tar(("x", b"1"), ("x", None), ("x/y", b"2"))],
        {"x": "folder", "x/y": "file"},
        gzip.compress,
    ),
    "names from the root": (
        [tar(("/x", b"1"), ("./y//z", b"1"), ("./", None))],
        {"x": "file", "y": "folder", "y/z": "file"},
        gzip.compress,
    ),
    "a sparse file of GNU tar": (
        [sparse_gnu("x", b"1", 5000) + tar(("y", b""))],
        {"x": "file", "y": "file"},
        gzip.compress,
    ),
    "a contiguous file": (
        [tar(("x", b"1", typed(tarfile.CONTTYPE)))],
        {"x": "file"},
        gzip.compress,
    ),
}

REFUSED = {
    "bzip2": (bz2.compress, "not a readable tar"),
    "xz": (lzma.compress, "not a readable tar"),
    "encrypted": (lambda data: hashlib.sha512(data).digest() * 40, "not a readable tar"),
    "text": (lambda _: b"<html>not found</html>\n" * 50, "not a readable tar"),
    "gzip that breaks off": (lambda data: gzip.compress(data)[:-12], "not a readable"),
    "zstd that breaks off": (lambda data: zstd(data)[:-5], "not a readable"),
    "gzip with another checksum": (lambda d: gzip.compress(d)[:-8] + bytes(8), "not a readable"),
    "gzip with something behind it": (lambda d: gzip.compress(d) + b"more", "not a readable"),
}
REFUSED_TARS = {
    "a hard link to nothing": (
        tar(("h", ("hard", "no"))),
        "'h' is a link to 'no', which is not in the image",
    ),
    "a hard link to a folder": (
        tar(("f", None), ("h", ("hard", "f"))),
        "'h' is a link to 'f', which is a folder",
    ),
    "a hard link to itself": (
        tar(("h", ("hard", "h"))),
        "'h' is a link to 'h', which is not in the image",
    ),
    "a hard link to what aufs left in a lower layer": (
        tar(("h", ("hard", ".wh..wh.plnk/7.8"))),
        "which is not in the image",
    ),
    "one that breaks off in a file": (
        tar(("x", b"1" * 4000))[:2000],
        "not a readable tar: unexpected end",
    ),
    "one that breaks off in a header": (
        X[:1024] + X[:300],
        "not a readable tar: it is damaged",
    ),
    "what is no header between files": (
        X[:1024] + b"?" * 512 + X,
        "not a readable tar: it is damaged",
    ),
    "a name that leads out": (tar(("../x", b"")), "leads out of the image"),
}
BOXES = {
    "an encrypted layer (ocicrypt)": f"{OCI}.layer.v1.tar+gzip+encrypted",
    "a layer that may not be distributed": f"{OCI}.layer.nondistributable.v1.tar+gzip",
    "a layer of Windows, by a URL": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    "a model of Helm or ORAS": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
}


def read(layout, *entries, **more):
    """Read the image of *entries* as a base and return its files."""
    layout.finish(layout.image("linux/amd64", *entries, **more))
    kept = layout.folder.parent / "kept"
    kept.mkdir()
    with open_base("oci:base", layout.folder.parent, {}) as base:
        image = base.resolve(lookup("linux/amd64"))
        BaseConfig(image, base.source).document(
            Image(), Command((), ()), (), user="", path="/bin", epoch=0
        )
        tree = read_files(base, image, lambda _: 1 << 20, kept)
    return {path: node.kind for path, node in tree.paths()}


def refused(layout, *entries, **more):
    with pytest.raises(ImageError) as caught:
        read(layout, *entries, **more)
    assert "\n" not in caught.value.message
    assert caught.value.message.startswith("oci:base: sha256:")
    return caught.value.message


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "base")


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_read(layout, name):
    tars, expected, pack = RIGHT[name]
    assert read(layout, *tars, pack=pack) == expected


@pytest.mark.parametrize(
    "about",
    [
        {"config": None},
        {"history": None},
        {"history": []},
        {"config": {"Env": None, "Volumes": None}},
    ],
)
def test_documents_with_null_in_them(layout, about):
    assert read(layout, X, **about) == {"x": "file"}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_layer(layout, name):
    pack, message = REFUSED[name]
    assert message in refused(layout, X, pack=pack)


@pytest.mark.parametrize("name", REFUSED_TARS)
def test_what_is_no_tar_of_a_layer(layout, name):
    data, message = REFUSED_TARS[name]
    lower = tar((".wh..wh.plnk/7.8", b"1"))
    assert message in refused(layout, lower, data)


@pytest.mark.parametrize("name", BOXES)
def test_media_types_that_are_no_layers(layout, name):
    assert f"a layer is {BOXES[name]}" in refused(layout, X, media=BOXES[name])
