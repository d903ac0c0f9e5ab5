"""Reads the files of a wheel in chunks."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, BinaryIO

from hatch_multiarch.oci.tar_writer import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from installer.sources import WheelFile


def check_contents(source: WheelFile) -> None:
    """Compare the files of a wheel with its RECORD, in chunks.

    `installer` before version 1 would read each of them whole. Raises ValueError when one differs.
    """
    for (path, told, size), stream, _ in source.get_contents():
        name, _, value = told.partition("=")
        if not told:  # RECORD and its signatures; `validate_record` has refused all others
            continue
        digest, left = hashlib.new(name), int(size)
        for data in chunks(stream):
            digest.update(data)
            left -= len(data)
            if left < 0:
                break
        if left or record_digest(digest.digest()) != value:
            raise ValueError(f"hash or size of {path} are not those of RECORD")


def with_interpreter(script: BinaryIO, interpreter: str) -> Iterator[bytes]:
    """Yield *script* with *interpreter* in its first line, where that is a wheel's ``#!python``."""
    line = script.readline(CHUNK)
    if line.startswith(b"#!python"):
        yield f"#!{interpreter}\n".encode()
        while line and not line.endswith(b"\n"):
            line = script.readline(CHUNK)
    else:
        yield line
    yield from chunks(script)


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of *stream*."""
    while data := stream.read(CHUNK):
        yield data


def record_digest(digest: bytes) -> str:
    """Return *digest* as RECORD has it."""
    return urlsafe_b64encode(digest).decode().rstrip("=")
