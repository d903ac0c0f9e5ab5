"""Records of a push: its content, its limits and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.manifest import Index, Manifest

MIB = 1 << 20

Read = Callable[[str, int, int], bytes]
"""Digest, first byte, most bytes -> bytes of a blob; called by several threads at once."""

Use = Literal["push", "pull"]
"""What a registry is asked for, in its scopes and in messages."""

State = Literal["missing", "there", "mounted", "uploaded"]
"""Of a blob in the registry; ``missing`` stays so in a dry run only."""


@dataclass(frozen=True)
class Document:
    """A manifest or an index, which is pushed byte for byte."""

    parsed: Index | Manifest
    digest: str
    data: bytes

    @property
    def media_type(self) -> str:
        """Its own, or the one that its descriptor gives."""
        return self.parsed.media_type


@dataclass(frozen=True)
class Content:
    """All that a registry needs of one image."""

    blobs: tuple[Descriptor, ...]
    """Configs and layers."""
    documents: tuple[Document, ...]
    """Each behind those that it names: the image itself is the last."""
    read: Read
    """Gives the bytes of ``blobs``."""

    @property
    def root(self) -> Document:
        """What a tag names."""
        return self.documents[-1]


@dataclass(frozen=True)
class Pace:
    """How much at once, and how patiently."""

    at_once: int = 4
    """Blobs."""
    small: int = 32 * MIB
    """Blobs up to this size (bytes) go in one request; larger ones in chunks, to be resumable."""
    chunk: int = 16 * MIB
    """Bytes; registries behind a proxy limit a request to some 100 MB."""
    least_chunk: int = 4 * MIB
    """Bytes of a chunk where larger ones are refused: GitHub's registry takes no more."""
    tries: int = 5
    """Of one request, and of one blob without a byte of progress."""
    first: float = 0.5
    """Seconds before the second try; doubled each time, and spread by chance."""
    longest: float = 60.0
    """Seconds; a registry that asks for a longer pause is not waited for."""


@dataclass(frozen=True)
class BlobState:
    """A blob and whether the registry had it."""

    digest: str
    size: int
    state: State


@dataclass(frozen=True)
class TagState:
    """A tag and what it named before."""

    tag: str
    before: str
    """A digest; empty when there was no such tag."""


@dataclass(frozen=True)
class Pushed:
    """One image in one repository."""

    name: str
    """The repository, with its registry."""
    digest: str
    """Of what the tags name."""
    blobs: tuple[BlobState, ...]
    tags: tuple[TagState, ...]
    dry_run: bool
    """Nothing was changed: ``missing`` blobs would be uploaded and tags moved."""

    def size(self, *states: State) -> int:
        """Return the bytes of the blobs in one of *states*."""
        return sum(each.size for each in self.blobs if each.state in states)
