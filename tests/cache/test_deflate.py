"""A content is compressed once; what the cache has is compared with its digest before use."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
import zlib

import pytest

from hatch_multiarch.cache import build_cache, deflate
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.cache.deflate import Compressor, Streams, compressor
from hatch_multiarch.errors import AuditError

CONTENT = random.Random(1).randbytes(20_000) * 10  # noqa: S311 - any bytes will do


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def calls(monkeypatch):
    """Count how often something is compressed."""
    found = []
    real = compressor()

    def counted(data):
        found.append(len(data))
        return real.deflate(data)

    monkeypatch.setattr(deflate, "compressor", lambda: Compressor(real.name, counted))
    return found


def make(tmp_path, file, folder="streams", sha256=None):
    made = Streams(tmp_path / folder, BuildCache(tmp_path / "cache"))
    made.start(file, sha256 or digest(file))
    made.start(file, sha256 or digest(file))
    try:
        return made.get(sha256 or digest(file))
    finally:
        made.close()


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def inflated(stream):
    return zlib.decompress(b"".join(stream.blocks()), -zlib.MAX_WBITS)


def test_a_stream_is_of_the_content_and_made_once(tmp_path, file, calls):
    first = make(tmp_path, file)
    assert inflated(first) == CONTENT
    assert (first.sha256, first.size, first.crc32) == (digest(file), 200_000, zlib.crc32(CONTENT))
    assert first.packed == first.path.stat().st_size < 30_000
    second = make(tmp_path, file, "again")
    assert (inflated(second), second.crc32, second.packed) == (CONTENT, first.crc32, first.packed)
    assert second.path != first.path
    assert calls == [200_000]


@pytest.mark.parametrize("pattern", ["files/*/deflate", "records/*.json"])
@pytest.mark.parametrize("place", [0, 25, -1])
def test_one_flipped_byte_in_the_cache_is_noticed(tmp_path, file, calls, pattern, place):
    first = make(tmp_path, file)
    data = first.path.read_bytes()
    [kept] = (tmp_path / "cache").glob(pattern)
    spoiled = bytearray(kept.read_bytes())
    spoiled[place] ^= 1
    kept.unlink()  # another file, so that the link in the first folder stays as it is
    kept.write_bytes(spoiled)
    assert make(tmp_path, file, "again").path.read_bytes() == data
    assert len(calls) == 2
    assert make(tmp_path, file, "mended").path.read_bytes() == data
    assert len(calls) == 2


def test_a_record_that_is_not_of_its_stream_counts_for_nothing(tmp_path, file, calls):
    first, inputs = make(tmp_path, file), (digest(file), compressor().name, deflate.LEVEL)
    cache = BuildCache(tmp_path / "cache")
    told = cache.recall("deflate", *inputs)
    cache.note({**told, "packed": told["packed"] + 1}, "deflate", *inputs)
    again = make(tmp_path, file, "again")
    assert (again.packed, inflated(again)) == (first.packed, CONTENT)
    assert len(calls) == 2
    assert cache.recall("deflate", *inputs) == told


def test_a_file_with_another_digest_is_an_error(tmp_path, file):
    with pytest.raises(AuditError, match="content changed after it was built: sha256"):
        make(tmp_path, file, sha256="0" * 64)


def test_a_large_file_and_an_unknown_one_have_no_stream(tmp_path, file, monkeypatch):
    monkeypatch.setattr(deflate, "LARGE", 199_999)
    assert make(tmp_path, file) is None
    made = Streams(tmp_path / "other", BuildCache(None))
    assert made.get(digest(file)) is None
    made.close()


def test_an_empty_file_has_a_stream(tmp_path):
    (tmp_path / "empty").touch()
    assert inflated(make(tmp_path, tmp_path / "empty")) == b""


def test_without_a_cache_all_is_the_same(tmp_path, file, calls):
    made = make(tmp_path, file)
    for cache in (BuildCache(None), BuildCache(file / "below")):
        alone = Streams(tmp_path / "alone", cache)
        alone.start(file, digest(file))
        assert alone.get(digest(file)).path.read_bytes() == made.path.read_bytes()
        alone.close()
    assert len(calls) == 3


def test_builds_at_the_same_time_do_not_meet(tmp_path):
    """Four builds share a cache that holds less than a build needs, so each removes the others'."""
    files = []
    for number in range(8):
        path = tmp_path / f"file-{number}"
        path.write_bytes(random.Random(number).randbytes(20_000))  # noqa: S311
        files.append(path)
    failures = []

    def build(number):
        try:
            for turn in range(5):
                made = Streams(tmp_path / f"{number}-{turn}", BuildCache(tmp_path / "cache"))
                for path in files:
                    made.start(path, digest(path))
                for path in files:
                    assert inflated(made.get(digest(path))) == path.read_bytes()
                made.close()
        except BaseException as error:  # noqa: BLE001 - the thread ends, the test tells
            failures.append(error)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build_cache, "LIMIT", 50_000)
        patch.setattr(build_cache, "PAUSE", 0)
        threads = [threading.Thread(target=build, args=(each,)) for each in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert failures == []


def test_the_cache_keeps_what_was_used_last(tmp_path, monkeypatch):
    cache = BuildCache(tmp_path / "cache")
    for number in range(10):
        path = tmp_path / f"file-{number}"
        path.write_bytes(bytes(1000))
        cache.keep(path, f"{number}", "x")
        os.utime(tmp_path / f"cache/files/{number}/x", (1000 * number + 2e9, 1000 * number + 2e9))

    def kept_below(limit):
        monkeypatch.setattr(build_cache, "LIMIT", limit)
        BuildCache(tmp_path / "cache").note("anything", "kind")
        return sorted(path.parent.name for path in (tmp_path / "cache").glob("files/*/x"))

    assert kept_below(4500) == ["6", "7", "8", "9"]
    # Not looked at again within the hour: that takes as long as there are files.
    assert kept_below(2500) == ["6", "7", "8", "9"]
    os.utime(tmp_path / "cache/swept", (1, 1))
    assert kept_below(2500) == ["8", "9"]
    old, new = (tmp_path / "cache/records" / name for name in (".part-old", ".part-new"))
    for left in (old, new):
        left.touch()
    long_ago = time.time() - 2 * 24 * 60 * 60
    for path in (old, tmp_path / "cache/swept"):
        os.utime(path, (long_ago, long_ago))
    assert kept_below(1 << 20) == ["8", "9"]
    assert (old.exists(), new.exists()) == (False, True)
