"""One compressor: libdeflate, or zlib where that is missing."""

from __future__ import annotations

import builtins
import random
import zlib
from importlib.metadata import version

import pytest

from hatch_multiarch.cache.deflate import compressor


@pytest.fixture
def forget():
    compressor.cache_clear()
    yield
    compressor.cache_clear()


def test_its_name_says_what_and_which():
    assert compressor().name == f"libdeflate (deflate {version('deflate')})"


def test_zlib_serves_where_there_is_no_libdeflate(forget, monkeypatch):
    real = builtins.__import__

    def missing(name, *more):
        if name == "deflate":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert compressor().name == f"zlib {zlib.ZLIB_RUNTIME_VERSION}"
    data = random.Random(4).randbytes(1000) * 50  # noqa: S311 - any bytes will do
    stream = compressor().deflate(data)
    assert zlib.decompress(stream, -zlib.MAX_WBITS) == data
    assert len(stream) < 3000
