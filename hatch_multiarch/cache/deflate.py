"""Compresses for wheels and layers: each content once, kept for later builds.

libdeflate (package ``deflate``) writes the same bytes on every machine, is three times as fast as
zlib at the same level, and its output is smaller. It has no wheels for some machines: zlib serves
there, and what that writes depends on the zlib that Python was built with.

The stream of a helper serves its wheel (a member of a zip) and its layer (a member of a gzip file).
What an earlier build has compressed comes from the cache, compared with its digest.
"""

from __future__ import annotations

import hashlib
import mmap
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from hatch_multiarch.errors import AuditError
from hatch_multiarch.files import link, writes_to
from hatch_multiarch.process import processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache

LEVEL = 6
"""Of 9: the highest takes two to three times as long, to save 1 % of a Go binary at the most."""
LARGE = 256 << 20
"""Bytes above which a file has no stream: it would not fit into memory beside others."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Compressor:
    """What turns bytes into a raw deflate stream (RFC 1951), all of them at once."""

    name: str
    """With its version, ``libdeflate (deflate 0.9.0)``: equal names make equal streams."""
    deflate: Callable[[bytes | bytearray | mmap.mmap], bytes | bytearray]
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


def _zlib(data: bytes | bytearray | mmap.mmap) -> bytes:
    packer = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@dataclass(frozen=True)
class Stream:
    """The content of a file as a raw deflate stream (RFC 1951)."""

    sha256: str
    """Of the content, hex."""
    size: int
    """Of the content, in bytes."""
    crc32: int
    """Of the content, as zip and gzip have it."""
    path: Path
    """The stream."""
    packed: int
    """Size of the stream, in bytes."""

    def blocks(self) -> Iterator[bytes]:
        """Yield the stream."""
        with self.path.open("rb") as file:
            while block := file.read(_CHUNK):
                yield block


class Streams:
    """The streams of one build, in the folder *folder* of its own; *cache* keeps them for others.

    To be closed when the build ends.
    """

    def __init__(self, folder: Path, cache: BuildCache) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._cache = cache
        self._pool = ThreadPoolExecutor(processors(), thread_name_prefix="deflate")
        self._futures: dict[str, Future[Stream | None]] = {}

    def start(self, path: Path, sha256: str) -> None:
        """Begin to compress the file *path*, whose content has the digest *sha256* (hex)."""
        if sha256 not in self._futures:
            self._futures[sha256] = self._pool.submit(self._make, path, sha256)

    def get(self, sha256: str) -> Stream | None:
        """Return the stream of a content that was started, when it is ready.

        None for one that was not started, or is too large. Raises AuditError when the file does
        not have the digest that it was said to have.
        """
        future = self._futures.get(sha256)
        return None if future is None else future.result()

    def close(self) -> None:
        """Drop what has not begun, and wait for the rest."""
        self._pool.shutdown(cancel_futures=True)

    def _make(self, path: Path, sha256: str) -> Stream | None:
        size = path.stat().st_size
        if size > LARGE:
            return None
        final, inputs = self.folder / sha256, (sha256, compressor().name, LEVEL)
        told = self._cache.recall("deflate", *inputs)
        kept = self._cache.file(told["sha256"], "deflate") if told else None
        if kept is not None and _take(kept, final, told["packed"]):
            return Stream(sha256, size, told["crc32"], final, told["packed"])
        with _content(path) as data:
            if (found := hashlib.sha256(data).hexdigest()) != sha256:
                raise changed(str(path), found, sha256)
            crc32, stream = zlib.crc32(data), compressor().deflate(data)
        final.unlink(missing_ok=True)
        with writes_to(self.folder):
            final.write_bytes(stream)
        told = {
            "sha256": hashlib.sha256(stream).hexdigest(),
            "crc32": crc32,
            "packed": len(stream),
        }
        self._cache.keep(final, told["sha256"], "deflate")
        self._cache.note(told, "deflate", *inputs)
        return Stream(sha256, size, crc32, final, len(stream))


def changed(what: str, found: str, expected: str) -> AuditError:
    """Return the error for a file that has the digest *found* and not the *expected* one."""
    return AuditError(
        f"{what} changed after it was built: sha256 {found}, expected {expected}",
        advice="build again, with nothing else writing to that folder",
    )


def _take(kept: Path, final: Path, size: int) -> bool:
    """Put the file *kept* of the cache at *final*; return whether it has *size* bytes.

    A link where the file system has them: then it stays when the cache removes its own.
    """
    try:
        link(kept, final)
        return final.stat().st_size == size
    except OSError:
        return False


@contextmanager
def _content(path: Path) -> Iterator[bytes | mmap.mmap]:
    """Yield the content of a file without reading all of it into memory at once."""
    with path.open("rb") as file:
        if not path.stat().st_size:  # nothing to map
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data
