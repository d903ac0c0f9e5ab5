"""JSON of images, checked as it is read (OCI image-spec 1.1)."""

from __future__ import annotations

import json
from typing import Any

from hatch_multiarch.errors import ImageError

LIMIT = 4 << 20
"""Most bytes of a document; registries take manifests up to this size (distribution-spec)."""


def parse(data: bytes, where: str) -> Any:
    """Return the JSON *data*; *where* names it in the ImageError for what is not JSON."""
    if len(data) > LIMIT:
        raise ImageError(f"{where}: {len(data)} bytes are too many for an image document")
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError:
        raise ImageError(f"{where}: the JSON is nested too deeply") from None
    except ValueError as error:
        raise ImageError(f"{where}: not JSON: {error}") from None


def encode(document: object) -> bytes:
    """Return the one spelling of *document*: UTF-8, no blanks, properties in the order given."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def table(value: Any, where: str) -> dict[str, Any]:
    """Return *value* if it is a JSON object. Raises ImageError."""
    if not isinstance(value, dict):
        raise ImageError(f"{where}: expected an object, found {_kind(value)}")
    return value


def rows(value: Any, where: str) -> list[Any]:
    """Return *value* if it is a list; null is an empty one. Raises ImageError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ImageError(f"{where}: expected a list, found {_kind(value)}")
    return value


def text(value: Any, where: str) -> str:
    """Return *value* if it is a string; null is an empty one. Raises ImageError."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ImageError(f"{where}: expected a string, found {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")
