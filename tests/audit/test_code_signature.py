"""Code signatures of a program that Go signed: whole, and with one thing changed."""

from __future__ import annotations

import struct

import lief
import pytest
from audit.real_binaries import build, module
from code_slots import reader, signed_pages

from hatch_multiarch.audit import read
from hatch_multiarch.errors import AuditError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed")
    source = module(folder / "hello")
    return build(source, folder / "hello-arm64", "-ldflags=-s -w", GOOS="darwin", GOARCH="arm64")


@pytest.fixture(scope="module")
def start(program):
    """Where the signature begins, by another reader."""
    return lief.MachO.parse(str(program)).at(0).code_signature.data_offset


def test_what_go_signed_is_right(program):
    assert read(program).signed


@pytest.mark.network
@pytest.mark.witness
def test_another_reader_sees_the_hash_of_each_page(program, start, tmp_path, run):
    """Of all that stands before the signature; and one that we refuse it does not find right."""
    other = reader(tmp_path / "reader", run)
    assert signed_pages(other, program, run) == start
    changed = tmp_path / "hello"
    data = program.read_bytes()
    changed.write_bytes(data[: start // 2] + b"\xff\xfe\xfd" + data[start // 2 + 3 :])
    with pytest.raises(AssertionError):
        signed_pages(other, changed, run)


def changes(start: int, size: int):
    directory = start + 20  # behind the head of one entry
    return {
        "first page": (
            100,
            b"\x01",
            "is not an executable|on macOS: page 0 was changed",
        ),
        "a page of code": (start // 2, b"\xff\xfe\xfd", "page .* was changed after it was signed"),
        "the last byte before it": (start - 1, b"\xee", "page .* was changed after it was signed"),
        "a hash": (size - 40, b"\xee", "page .* was changed after it was signed"),
        "its magic": (start, b"\0\0\0\0", "code signature is damaged"),
        "many blobs": (start + 8, b"\xff\xff\xff\xff", "code signature is damaged"),
        "no blob": (start + 8, b"\0\0\0\0", "has no hashes"),
        "no code directory": (directory, b"\0\0\0\0", "has no hashes"),
        "type of hashes": (directory + 37, b"\x09", "unknown type, 9"),
        "size of hashes": (directory + 36, b"\x10", "unknown type, 2"),
        "its limit": (directory + 32, struct.pack(">I", start - 4096), "is for .* bytes"),
        "count of pages": (directory + 28, struct.pack(">I", 1), "is for .* bytes"),
        "size of pages": (directory + 39, b"\x3f", "is for .* bytes"),
        "place of hashes": (directory + 16, b"\x7f\xff\xff\xff", "outside the file"),
        "place of the directory": (start + 16, b"\x7f\xff\xff\xff", "outside the file"),
    }


def test_one_change_is_enough(program, start, tmp_path):
    data = program.read_bytes()
    for name, (place, new, says) in changes(start, len(data)).items():
        changed = tmp_path / "hello"
        changed.write_bytes(data[:place] + new + data[place + len(new) :])
        assert changed.read_bytes() != data, name
        with pytest.raises(AuditError, match=says):
            read(changed)
