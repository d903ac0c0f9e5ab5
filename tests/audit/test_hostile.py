"""Broken and malicious binaries: facts or an AuditError, soon, and nothing else."""

from __future__ import annotations

import contextlib
import struct
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_binaries import gcc, go_programs, universal

from hatch_multiarch.audit import BinaryInfo, read
from hatch_multiarch.audit.binary import Patient
from hatch_multiarch.errors import AuditError

pytestmark = [pytest.mark.witness, pytest.mark.slow]

SAMPLES = ["linux/amd64", "linux/arm/v7", "darwin/arm64", "windows/amd64", "windows/386"]
HEAD = 4096
SECONDS = 20
"""Far above what a loaded machine takes; a loop without end is what it catches."""


@pytest.fixture(scope="module")
def dynamic(tmp_path_factory):
    """Return a small dynamic program for this machine."""
    return gcc(tmp_path_factory.mktemp("dynamic") / "dynamic")


@pytest.fixture(scope="module")
def samples(dynamic, tmp_path_factory):
    programs = go_programs(tmp_path_factory.mktemp("samples"), SAMPLES)
    parts = go_programs(tmp_path_factory.mktemp("parts"), ("darwin/amd64", "darwin/arm64"))
    thin = [path.read_bytes() for path in (*programs.values(), dynamic)]
    return [*thin, universal(parts)]


def survives(path):
    started = time.monotonic()
    with contextlib.suppress(AuditError):
        assert isinstance(read(path, "universal2"), BinaryInfo)  # heeded where there are several
    assert time.monotonic() - started < SECONDS


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_mutated_and_truncated_copies(data, samples, tmp_path):
    copy = bytearray(data.draw(st.sampled_from(range(len(samples))).map(samples.__getitem__)))
    words = st.sampled_from([b"\0", b"\xff", b"\xff" * 4, b"\0" * 8, b"\xff" * 8, b"\1\0\0\0"])
    places = st.integers(0, min(HEAD, len(copy)) - 8)
    for at, word in data.draw(
        st.lists(st.tuples(places, words | st.binary(max_size=8)), max_size=6)
    ):
        copy[at : at + len(word)] = word
    length = data.draw(st.just(len(copy)) | st.integers(0, len(copy)))
    path = tmp_path / "copy"
    path.write_bytes(copy[:length])
    survives(path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_tables_of_a_dynamic_program(data, dynamic, tmp_path):
    """Everything of a small dynamic ELF: its dynamic table, version needs and symbols."""
    copy = bytearray(dynamic.read_bytes())
    words = st.sampled_from([b"\0" * 4, b"\xff" * 4, b"\0" * 8, b"\xff" * 8]) | st.binary(
        max_size=8
    )
    changes = st.lists(st.tuples(st.integers(0, len(copy) - 8), words), min_size=1, max_size=40)
    for at, word in data.draw(changes):
        copy[at : at + len(word)] = word
    path = tmp_path / "copy"
    path.write_bytes(copy)
    survives(path)


def section(data, name):
    """Return where the header of section *name* of a 64-bit ELF stands."""
    (table,) = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<3H", data, 58)
    (strings,) = struct.unpack_from("<Q", data, table + names * size + 24)
    for number in range(count):
        at = table + number * size
        start = strings + struct.unpack_from("<I", data, at)[0]
        if data[start : data.index(b"\0", start)] == name:
            return at
    raise AssertionError(name)


def test_version_needs_that_run_in_circles(dynamic, tmp_path):
    data = bytearray(dynamic.read_bytes())
    header = section(data, b".gnu.version_r")
    struct.pack_into("<I", data, header + 44, 0xFFFFFFFF)  # sh_info: how many entries
    (at,) = struct.unpack_from("<Q", data, header + 24)
    struct.pack_into("<I", data, at + 12, 0)  # vn_next: the same again
    path = tmp_path / "circle"
    path.write_bytes(data)
    with pytest.raises(AuditError, match="its headers contain a cycle"):
        read(path)


def test_more_section_headers_than_there_are(dynamic, tmp_path):
    data = bytearray(dynamic.read_bytes())
    (table,) = struct.unpack_from("<Q", data, 40)
    struct.pack_into("<Q", data, table + 32, 2**62)  # the first section's size is their number
    struct.pack_into("<2H", data, 58, 0, 0)  # each is nothing long, and there are "many"
    path = tmp_path / "many"
    path.write_bytes(data)
    survives(path)


def test_memory_stays_small(dynamic, tmp_path):
    data = bytearray(dynamic.read_bytes())
    data[64:HEAD] = b"\xff" * (HEAD - 64)
    path = tmp_path / "wide"
    path.write_bytes(data)
    tracemalloc.start()
    survives(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


def test_real_programs_need_few_reads(dynamic, monkeypatch):
    monkeypatch.setattr(Patient, "READS", Patient.READS // 50)
    assert read(dynamic).libc == "glibc"
