"""A gzip file of several members is a gzip file to everybody, whatever was compressed before."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import subprocess
import tarfile

import pytest
from support import need

from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.cache.deflate import Streams
from hatch_multiarch.oci.gzip_writer import SEGMENT, GzipWriter

LARGE = random.Random(2).randbytes(1000) * (3 * SEGMENT // 1000)  # noqa: S311 - any bytes will do


def write(*parts):
    """Return the gzip file of *parts*: bytes, or the stream of some that follow."""
    out = io.BytesIO()
    writer = GzipWriter(out)
    for part in parts:
        if isinstance(part, bytes):
            writer.write(part)
        else:
            writer.ready(part)
    writer.close()
    return out.getvalue()


@pytest.fixture
def stream(tmp_path):
    path = tmp_path / "ready"
    path.write_bytes(LARGE)
    sha256 = hashlib.sha256(LARGE).hexdigest()
    streams = Streams(tmp_path / "streams", BuildCache(None))
    streams.start(path, sha256)
    yield streams.get(sha256)
    streams.close()


@pytest.mark.parametrize("parts", [[], [b""], [b"a", b"b"], [LARGE], [b"a", LARGE, b"b"]])
def test_what_was_written_comes_back(parts):
    packed = write(*parts)
    assert gzip.decompress(packed) == b"".join(parts)
    assert packed[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def test_a_ready_stream_is_taken_as_it_is(stream):
    """It is announced, and then its content is written, in whatever parts."""
    packed = write(b"before", stream, LARGE[:5], LARGE[5:] + b"after")
    assert gzip.decompress(packed) == b"before" + LARGE + b"after"
    assert stream.path.read_bytes() in packed


def test_segments_cost_little(stream):
    packed = write(*(LARGE[each : each + 999] for each in range(0, len(LARGE), 999)))
    assert gzip.decompress(packed) == LARGE
    assert len(packed) < 1.1 * stream.packed + 3000


@pytest.mark.witness
@pytest.mark.parametrize("program", ["gzip", "tar"])
def test_programs_that_we_did_not_write_read_it(stream, tmp_path, program):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        entry = tarfile.TarInfo("helper")
        entry.size = len(LARGE)
        tar.addfile(entry, io.BytesIO(LARGE))
    data = plain.getvalue()
    path = tmp_path / "layer.tar.gz"
    path.write_bytes(write(data[:512], stream, LARGE, data[512 + len(LARGE) :]))
    if program == "gzip":
        assert subprocess.check_output([need("gzip"), "-dc", path]) == data
    else:
        out = subprocess.check_output([need("tar"), "-xzOf", path, "helper"])
        assert out == LARGE
