"""Descriptors name a blob by digest, size and media type (OCI image-spec 1.1, descriptor.md).

A descriptor in a document is checked here, once, whoever wrote the document: after that, its digest
can be a file name or a part of a URL, and its size is a number of bytes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.documents import rows, table, text
from hatch_multiarch.platforms import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 1000
"""Most descriptors in one list, and most manifests of one image."""
LARGEST = (1 << 63) - 1
"""Most bytes of a blob: an int64 holds its size (descriptor.md)."""
_HEX = {"sha256": 64, "sha512": 128}
"""Algorithm -> hex digits (descriptor.md, registered algorithms)."""
_WORD = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(f"{_WORD}/{_WORD}")
"""RFC 6838, section 4.2, which descriptor.md asks for."""


@dataclass(frozen=True)
class Descriptor:
    """What names a blob."""

    media_type: str
    """Empty where the document does not say."""
    digest: str
    """``sha256:`` or ``sha512:`` and hex digits."""
    size: int
    """In bytes."""
    platform: str = ""
    """OCI platform, normalised; empty when the document names none."""
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def path(self) -> str:
        """Where a layout keeps the blob (image-layout.md)."""
        return blob_path(self.digest)

    def document(self, **more: object) -> dict[str, object]:
        """Return the three required properties as JSON holds them, and *more* after them."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size, **more}


def parse_descriptor(value: Any, where: str) -> Descriptor:
    """Read a descriptor; *where* names it in the ImageError for one that is not valid."""
    found = table(value, where)
    size = found.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= LARGEST:
        raise ImageError(f"{where}.size: expected a number of bytes, found {_short(size)}")
    media_type = text(found.get("mediaType"), f"{where}.mediaType")
    if media_type and not _MEDIA_TYPE.fullmatch(media_type):
        raise ImageError(f"{where}.mediaType: not a media type: {media_type[:80]!r}")
    notes = table(found.get("annotations") or {}, f"{where}.annotations")
    return Descriptor(
        media_type,
        check_digest(text(found.get("digest"), f"{where}.digest"), f"{where}.digest"),
        size,
        parse_platform(found.get("platform"), f"{where}.platform"),
        {key: text(note, f"{where}.annotations.{key}") for key, note in notes.items()},
    )


def parse_descriptors(document: Mapping[str, Any], key: str, where: str) -> list[Descriptor]:
    """Read the list of descriptors under *key*. Raises ImageError, also for more than MOST."""
    found = rows(document.get(key), f"{where}: {key}")
    if len(found) > MOST:
        raise ImageError(f"{where}: more than {MOST} {key} are no image")
    return [parse_descriptor(each, f"{where}: {key}[{at}]") for at, each in enumerate(found)]


def parse_platform(value: Any, where: str) -> str:
    """Read ``os``, ``architecture`` and ``variant``, of a descriptor or a config, as one name."""
    if value is None:
        return ""
    found = table(value, where)
    parts = [text(found.get(key), f"{where}.{key}") for key in ("os", "architecture", "variant")]
    return normalise("/".join(part for part in parts if part)) if parts[0] and parts[1] else ""


def platform_document(name: str) -> dict[str, str]:
    """Return the OCI platform *name* as a descriptor or a config writes it (image-index.md)."""
    os, architecture, *variant = name.split("/")
    written = {"architecture": architecture, "os": os}
    return {**written, "variant": variant[0]} if variant else written


def check_digest(digest: str, where: str) -> str:
    """Return *digest* if it is one that is registered. Raises ImageError, which names *where*."""
    algorithm, _, digits = digest.partition(":")
    if not re.fullmatch(rf"[0-9a-f]{{{_HEX.get(algorithm, 0)}}}", digits) or not digits:
        raise ImageError(f"{where}: not a sha256 or sha512 digest: {digest[:80]!r}")
    return digest


def blob_path(digest: str) -> str:
    """Return where a layout keeps the blob *digest* (image-layout.md)."""
    return f"blobs/{digest.replace(':', '/')}"


def hasher(digest: str) -> Any:
    """Return a new hash of the algorithm of *digest*, which is checked."""
    return hashlib.new(digest.partition(":")[0])


def verify(data: bytes, wanted: Descriptor, where: str) -> bytes:
    """Return *data* if it is what *wanted* describes. Raises ImageError."""
    if len(data) != wanted.size:
        raise ImageError(f"{where}: {len(data)} bytes, but the descriptor says {wanted.size}")
    found = hasher(wanted.digest)
    found.update(data)
    if found.hexdigest() != wanted.digest.partition(":")[2]:
        raise ImageError(f"{where}: the bytes don't match this digest")
    return data


def _short(value: object) -> str:
    """Return *value* for a message; an int of thousands of digits has no decimal form."""
    if isinstance(value, int) and abs(value) > LARGEST:
        return f"a number of {value.bit_length()} bits"
    return f"{value!r:.40}"
