"""Bounded reads from a binary, which may be malicious or truncated."""

from __future__ import annotations

import struct
from typing import BinaryIO


class Malformed(Exception):  # noqa: N818 - says what the file is
    """The file ends or contradicts itself where its format needs more."""


class Window:
    """A file read by offset; every read is whole or raises Malformed."""

    LIMIT = 64 * 1024 * 1024
    """No header, string table or build info is larger; what claims to be is not believed."""

    def __init__(self, file: BinaryIO, start: int = 0, size: int | None = None) -> None:
        """Read *file*, or the part of it that begins at *start* and has *size* bytes."""
        self.file = file
        self.start = start
        self.size = file.seek(0, 2) if size is None else size

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly *length* bytes from *offset*."""
        if offset < 0 or length < 0 or length > self.LIMIT or offset + length > self.size:
            raise Malformed(f"{length} bytes at offset {offset} are outside the file")
        self.file.seek(self.start + offset)
        return self.file.read(length)

    def holds(self, offset: int, length: int) -> None:
        """Raise Malformed when the file ends before a part that it says it has."""
        if offset + length > self.size:
            raise Malformed(f"it is truncated after {self.size} bytes")

    def unpack(self, form: str, offset: int) -> tuple[int, ...]:
        """Return the integers that struct *form* finds at *offset*."""
        return struct.unpack(form, self.read(offset, struct.calcsize(form)))

    def text(self, offset: int, limit: int = 4096) -> str:
        """Return the NUL-terminated string at *offset*."""
        raw = self.read(offset, min(limit, max(self.size - offset, 0)))
        end = raw.find(b"\0")
        if end < 0:
            raise Malformed(f"the string at offset {offset} does not end")
        return raw[:end].decode("utf-8", "replace")


MAX_NAMES = 100_000
"""Most symbols that a binary takes from others or gives to them."""


def name_at(names: bytes, place: int, limit: int = 4096) -> str:
    """Return the NUL-terminated string at *place* of a string table."""
    end = names.find(b"\0", place, place + limit)
    if end < 0:
        raise Malformed(f"the name at {place} of its string table does not end")
    return names[place:end].decode("utf-8", "replace")


class Patient:
    """A file for a parser that trusts what it reads: it serves so many reads and no more.

    Counts and offsets of a malicious file can send such a parser round in circles.
    """

    READS = 200_000
    """Some hundred times what a large real binary takes."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.seek = file.seek
        self.tell = file.tell
        self.left = self.READS

    def read(self, length: int) -> bytes:
        """Return up to *length* bytes; raises Malformed when there were too many reads."""
        self.left -= 1
        if self.left < 0 or length > Window.LIMIT:
            raise Malformed("its headers contain a cycle")
        return self.file.read(length)
