"""The compressor of wheels and layers: libdeflate, or zlib where libdeflate has no wheel.

libdeflate (package ``deflate``) writes the same bytes on every machine, is three times as fast as
zlib at the same level, and its output is smaller. What zlib writes depends on the zlib that Python
was built with.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap

LEVEL = 6
"""Of 9: the highest takes two to three times as long, to save 1 % of a Go binary at the most."""


@dataclass(frozen=True)
class Compressor:
    """What turns bytes into a raw deflate stream (RFC 1951), all of them at once."""

    name: str
    """With its version, ``libdeflate (deflate 0.9.0)``: equal names make equal streams."""
    deflate: Callable[[bytes | bytearray | mmap], bytes | bytearray]
    """The stream of some bytes, at LEVEL; other threads run meanwhile."""


@cache
def compressor() -> Compressor:
    """Return the compressor of this machine."""
    try:
        from deflate import deflate_compress  # noqa: PLC0415 - not there on every machine
    except ImportError:
        return Compressor(f"zlib {zlib.ZLIB_RUNTIME_VERSION}", _zlib)
    name = f"libdeflate (deflate {version('deflate')})"
    return Compressor(name, lambda data: deflate_compress(data, LEVEL))


def _zlib(data: bytes | bytearray | mmap) -> bytes:
    packer = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()
