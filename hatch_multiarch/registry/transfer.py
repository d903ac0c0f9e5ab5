"""Transfers of a push or a pull: records, several blobs at once, and progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.manifest import Index, Manifest

MIB = 1 << 20

Read = Callable[[str, int, int], bytes]
"""Digest, first byte, most bytes -> bytes of a blob; called by several threads at once."""

Use = Literal["push", "pull"]
"""What a registry is asked for, in its scopes and in messages."""

State = Literal["missing", "there", "mounted", "uploaded"]
"""Of a blob in the registry; ``missing`` stays so in a dry run only."""

Result = TypeVar("Result")

_OFTEN = 0.25
"""Seconds between two words."""
_WIDTH = 20
"""Of the bar, in characters that every terminal has."""


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


def transfer(
    blobs: Iterable[Descriptor],
    one: Callable[[Descriptor], Result],
    *,
    at_once: int,
    stop: Callable[[], None],
) -> list[Result]:
    """Call *one* with each of *blobs*, up to *at_once* at a time; return what it returns, in order.

    When a call fails, or this one is interrupted, *stop* is called, which must end the others.
    Raises what the first call that failed raised; what the others say once they are stopped is not
    the reason.
    """
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="registry")
    try:
        futures = [pool.submit(one, each) for each in blobs]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        failed = next((each for each in futures if each in done and each.exception()), None)
        if failed is not None:
            failed.result()
        return [each.result() for each in futures]
    except BaseException:  # also Ctrl-C
        stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class Progress:
    """Bytes of *total* moved, by several threads.

    *doing* hears ``uploaded [#####---------------] 25 %, 1.0 of 4.0 MB``.
    """

    def __init__(self, verb: str, total: int, doing: Callable[[str], None]) -> None:
        self._verb, self._total, self._doing = verb, total, doing
        self._moved, self._told = 0, 0.0
        self._lock = threading.Lock()

    def moved(self, count: int) -> None:
        """Count; what is moved again counts again, up to the whole."""
        with self._lock:
            self._moved = min(self._moved + count, self._total)
            now = time.monotonic()
            if now - self._told >= _OFTEN:
                self._told = now
                share = self._moved / self._total if self._total else 1.0
                bar = ("#" * int(share * _WIDTH)).ljust(_WIDTH, "-")
                of = f"{self._moved / 1e6:.1f} of {self._total / 1e6:.1f} MB"
                self._doing(f"{self._verb} [{bar}] {share:.0%}, {of}".replace("%", " %"))
