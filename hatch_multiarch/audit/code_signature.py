"""The code signature of a Mach-O file: every page is hashed again.

The formats are those of xnu's ``osfmt/kern/cs_blobs.h``; numbers are big-endian. macOS on arm64
ends a program without a signature, and one with a page that has another hash, before its first
line. Who signed is not checked: Go and zig sign ad hoc, which needs no identity.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hatch_multiarch.audit.binary import Malformed

if TYPE_CHECKING:
    from hatch_multiarch.audit.binary import Window

_EMBEDDED_SIGNATURE = 0xFADE0CC0
_CODE_DIRECTORY = 0xFADE0C02
_HASHES = {1: ("sha1", 20), 2: ("sha256", 32), 3: ("sha256", 20), 4: ("sha384", 48)}
"""By hashType: the algorithm, and how many bytes of it are kept."""
_MAX_BLOBS = 64


class BadSignature(Malformed):
    """A code signature that does not fit the file."""


def check_signature(window: Window, start: int) -> None:
    """Raise BadSignature unless the signature at offset *start* fits all that stands before it.

    Raises Malformed where it leads out of the file.
    """
    magic, _, count = window.unpack(">3I", start)
    if magic != _EMBEDDED_SIGNATURE or count > _MAX_BLOBS:
        raise BadSignature("its code signature is damaged")
    directories = 0
    for index in range(count):
        _, offset = window.unpack(">2I", start + 12 + index * 8)
        if window.unpack(">I", start + offset)[0] == _CODE_DIRECTORY:
            _check_directory(window, start, start + offset)
            directories += 1
    if not directories:
        raise BadSignature("its code signature has no hashes")


def _check_directory(window: Window, end: int, at: int) -> None:
    """Compare the hashes of the code directory at offset *at* with the pages before *end*."""
    hashes, _, _, slots, limit = window.unpack(">5I", at + 16)
    size, kind, _, bits = window.unpack(">4B", at + 36)
    if kind not in _HASHES or _HASHES[kind][1] != size:
        raise BadSignature(f"the hashes in its code signature are of an unknown type, {kind}")
    page = 1 << bits if bits else max(limit, 1)
    if limit != end or slots != -(-limit // page) or page > window.LIMIT:
        raise BadSignature(f"its code signature is for {limit} bytes, and {end} come before it")
    wanted = window.read(at + hashes, slots * size)
    for slot in range(slots):
        data = window.read(slot * page, min(page, limit - slot * page))
        found = hashlib.new(_HASHES[kind][0], data, usedforsecurity=False).digest()[:size]
        if found != wanted[slot * size : (slot + 1) * size]:
            raise BadSignature(f"page {slot} was changed after it was signed")
