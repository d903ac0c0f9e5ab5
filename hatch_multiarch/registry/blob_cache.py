"""The cache of pulled blobs and of what tags named last, shared by projects.

    blobs/sha256/...    content by digest, as in a layout (OCI image-spec 1.1, image-layout.md)
    tags/...            what a tag named when it was asked for last, for builds without a network

A file gets its name when it is complete, and is hashed before it is used: what was damaged since
counts for nothing, and is fetched again. So several builds may use the folder at once, and whoever
wants the room may delete it.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from hatch_multiarch.cache.cache_dir import NAME, aside, cache_home
from hatch_multiarch.errors import ImageError
from hatch_multiarch.files import sha256
from hatch_multiarch.oci.descriptor import check_digest
from hatch_multiarch.oci.documents import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hatch_multiarch.registry.reference import Reference


class Cache:
    """The cache in *folder*, which is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """Its blobs lie as in a layout."""
        self._blobs = folder / "blobs" / "sha256"
        self._tags = folder / "tags"

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Cache:
        """Return the cache of the user whose environment is *env*. Raises ToolchainError."""
        return cls(cache_home(env) / NAME / "oci")

    def path(self, digest: str) -> Path:
        """Return the file of a blob, whether it is there or not. Raises ImageError."""
        algorithm, _, digits = check_digest(digest, "the cache").partition(":")
        if algorithm != "sha256":
            raise ImageError(f"{digest}: only blobs named by sha256 can be pulled")
        return self._blobs / digits

    def has(self, digest: str) -> bool:
        """Tell whether a blob is there, whole; reads all of it."""
        try:
            return digest == f"sha256:{sha256(self.path(digest))}"
        except OSError:
            return False

    def document(self, digest: str) -> bytes | None:
        """Return a manifest, an index or a config; None when it is not there, or damaged."""
        try:
            with self.path(digest).open("rb") as file:
                data = file.read(LIMIT + 1)
        except OSError:
            return None
        return data if digest == f"sha256:{hashlib.sha256(data).hexdigest()}" else None

    @contextmanager
    def writing(self, digest: str) -> Iterator[BinaryIO]:
        """Yield an empty file, which becomes the blob *digest* when the block ends well.

        The block answers for its bytes. Raises ImageError when the folder cannot be written.
        """
        final = self.path(digest)
        with aside(final) as file:
            yield file

    def tag(self, reference: Reference) -> str:
        """Return the digest that the tag of *reference* named last; empty when nobody knows."""
        try:
            found = json.loads(self._tag(reference).read_text("utf-8"))
            name, digest = found["name"], check_digest(found["digest"], "the cache")
        except (OSError, ValueError, KeyError, TypeError, ImageError):
            return ""
        return digest if name == _name(reference) else ""

    def keep_tag(self, reference: Reference, digest: str) -> None:
        """Record what the tag of *reference* names. Raises ImageError."""
        record = {"name": _name(reference), "digest": digest}
        with aside(self._tag(reference)) as file:
            file.write(json.dumps(record).encode())

    def _tag(self, reference: Reference) -> Path:
        return self._tags / f"{hashlib.sha256(_name(reference).encode()).hexdigest()}.json"


def _name(reference: Reference) -> str:
    return f"{reference.name}:{reference.tag}"
