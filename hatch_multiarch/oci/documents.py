"""The JSON of an image, believed only as far as it is checked (OCI image-spec 1.1).

Also the older twins of OCI's media types, Docker's, which have the same properties.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.media_types import CONFIG, INDEX, MANIFEST
from hatch_multiarch.platforms import normalise

INDEXES = {INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"}
MANIFESTS = {MANIFEST, "application/vnd.docker.distribution.manifest.v2+json"}
CONFIGS = {CONFIG, "application/vnd.docker.container.image.v1+json"}

LIMIT = 4 << 20
"""Most bytes of a document; registries take manifests up to this size (distribution-spec)."""
_HEX = {"sha256": 64, "sha512": 128}
"""Algorithm -> hex digits (descriptor.md, registered algorithms)."""


@dataclass(frozen=True)
class Entry:
    """A descriptor as found (descriptor.md)."""

    media_type: str
    digest: str
    size: int
    platform: str
    """OCI platform, normalised; empty when the descriptor tells none."""
    annotations: dict[str, str]

    @property
    def place(self) -> str:
        """Where a layout has the blob (image-layout.md)."""
        return f"blobs/{self.digest.replace(':', '/')}"


def parse(data: bytes, where: str) -> Any:
    """Return the JSON *data*; *where* names it in the ImageError for what is none."""
    if len(data) > LIMIT:
        raise ImageError(f"{where}: {len(data)} bytes are too many for a document of an image")
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError:
        raise ImageError(f"{where}: the JSON is nested too deeply") from None
    except ValueError as error:
        raise ImageError(f"{where}: not JSON: {error}") from None


def table(value: Any, where: str) -> dict[str, Any]:
    """Return *value* if it is a JSON object. Raises ImageError."""
    if not isinstance(value, dict):
        raise ImageError(f"{where}: expected an object, found {_kind(value)}")
    return value


def rows(value: Any, where: str) -> list[Any]:
    """Return *value* if it is a list, none being an empty one. Raises ImageError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ImageError(f"{where}: expected a list, found {_kind(value)}")
    return value


def text(value: Any, where: str) -> str:
    """Return *value* if it is a string, none being an empty one. Raises ImageError."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ImageError(f"{where}: expected a string, found {_kind(value)}")
    return value


def entry(value: Any, where: str) -> Entry:
    """Read a descriptor. Raises ImageError."""
    found = table(value, where)
    size = found.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ImageError(f"{where}.size: expected a number of bytes, found {size!r:.40}")
    notes = table(found.get("annotations") or {}, f"{where}.annotations")
    return Entry(
        text(found.get("mediaType"), f"{where}.mediaType"),
        checked(text(found.get("digest"), f"{where}.digest"), f"{where}.digest"),
        size,
        platform(found.get("platform"), f"{where}.platform"),
        {key: text(note, f"{where}.annotations.{key}") for key, note in notes.items()},
    )


def entries(document: dict[str, Any], key: str, where: str) -> list[Entry]:
    """Read the list of descriptors under *key*. Raises ImageError."""
    found = rows(document.get(key), f"{where}: {key}")
    return [entry(each, f"{where}: {key}[{at}]") for at, each in enumerate(found)]


def platform(value: Any, where: str) -> str:
    """Read ``os``, ``architecture`` and ``variant``, of a descriptor or a config, as one name."""
    if value is None:
        return ""
    found = table(value, where)
    parts = [text(found.get(key), f"{where}.{key}") for key in ("os", "architecture", "variant")]
    return normalise("/".join(part for part in parts if part)) if parts[0] and parts[1] else ""


def checked(digest: str, where: str) -> str:
    """Return *digest* if it is one, so that it can be a file's name. Raises ImageError."""
    algorithm, _, digits = digest.partition(":")
    if not re.fullmatch(rf"[0-9a-f]{{{_HEX.get(algorithm, 0)}}}", digits) or not digits:
        raise ImageError(f"{where}: not a sha256 or sha512 digest: {digest[:80]!r}")
    return digest


def hasher(digest: str) -> Any:
    """Return a new hash of the algorithm of *digest*, which is checked."""
    return hashlib.new(digest.partition(":")[0])


def verify(data: bytes, wanted: Entry, where: str) -> bytes:
    """Return *data* if it is what the descriptor *wanted* says. Raises ImageError."""
    if len(data) != wanted.size:
        raise ImageError(f"{where}: {len(data)} bytes, where the descriptor says {wanted.size}")
    found = hasher(wanted.digest)
    found.update(data)
    if found.hexdigest() != wanted.digest.partition(":")[2]:
        raise ImageError(f"{where}: the bytes are not those of this digest")
    return data


def kind(document: dict[str, Any], told: str, where: str) -> str:
    """Return the media type of an index or manifest that a descriptor calls *told*.

    Raises ImageError for one that could be read as either (CVE-2021-41190), and for the oldest
    form, which nobody pulls any more.
    """
    own = text(document.get("mediaType"), f"{where}: mediaType")
    if "manifests" in document and ("layers" in document or "config" in document):
        raise ImageError(f"{where}: both an index and a manifest")
    if own and told and own != told:
        raise ImageError(f"{where}: its media type is {own}, where the descriptor says {told}")
    if document.get("schemaVersion") == 1:
        raise ImageError(f"{where}: a manifest of schema 1, which no registry takes any more")
    return own or told or (INDEX if "manifests" in document else MANIFEST)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")
