"""What is in a layer: a tar, behind gzip or zstd or as it is (OCI image-spec 1.1, layer.md)."""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hatch_multiarch.errors import ImageError
from hatch_multiarch.files import hashed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.image_source import ImageSource
    from hatch_multiarch.oci.tar_writer import Readable

DAMAGE = (OSError, EOFError, ValueError, zlib.error)
"""What decompressors raise for bytes that they do not understand, but for zstd's own errors."""
_GZIP = b"\x1f\x8b"
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
"""A frame, or one that readers pass over (RFC 8878, 3.1)."""


@contextmanager
def unpacked(blob: Readable, where: str) -> Iterator[BinaryIO]:
    """Yield the tar in a layer: gzip, zstd (layer.md) or as it is.

    Raises ImageError when the bytes cannot be read; *where* names the layer.
    """
    first = blob.read(4)
    file = cast("BinaryIO", _Joined(first, blob))
    zstd = _zstd(where) if _ZSTD.match(first) else None
    damage = DAMAGE if zstd is None else (*DAMAGE, zstd.ZstdError)
    try:
        if first[:2] == _GZIP:
            yield cast("BinaryIO", gzip.GzipFile(fileobj=file))
        elif zstd is None:
            yield file
        elif hasattr(zstd, "ZstdFile"):
            yield zstd.ZstdFile(file)
        else:
            yield zstd.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    except damage as error:
        raise ImageError(f"{where}: not a readable layer: {error}") from None


def layer_files(source: ImageSource, layer: Descriptor) -> dict[str, str]:
    """Return path -> sha256 (hex) of the regular files in *layer* of *source*.

    Raises ImageError when it cannot be unpacked, or its bytes are not those of its digest, and
    RegistryError.
    """
    found = {}
    blob = source.open(layer)
    try:
        with unpacked(blob, layer.digest) as plain:
            with tarfile.open(fileobj=plain, mode="r|") as tar:
                for entry in tar:
                    if entry.isfile():
                        found[entry.name], _ = hashed(cast("BinaryIO", tar.extractfile(entry)))
            hashed(plain)  # reads on to the end
        blob.drain()
    except tarfile.TarError as error:
        raise ImageError(f"{layer.digest}: not a readable layer: {error}") from None
    return found


def _zstd(where: str) -> Any:
    """Return the module that reads zstd: Python's own from 3.14, or a distribution's."""
    for name in ("compression.zstd", "backports.zstd", "zstandard"):
        with suppress(ImportError):
            return import_module(name)
    raise ImageError(
        f"{where}: is zstd, which this Python does not read",
        advice="install backports.zstd or zstandard next to hatch-multiarch, or use Python 3.14",
    )


class _Joined:
    """A file that begins with bytes that were read from it already."""

    def __init__(self, first: bytes, rest: Readable) -> None:
        self._first = first
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        """Return at most *size* bytes, or all."""
        if not self._first:
            return self._rest.read(size)
        if size < 0:
            data, self._first = self._first + self._rest.read(), b""
            return data
        data, self._first = self._first[:size], self._first[size:]
        return data

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer*, or a part of it; returns the bytes read."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readable(self) -> bool:
        """Return True."""
        return True
