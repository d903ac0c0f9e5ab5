"""The walk from the root of an image down to its manifests, within limits.

An index may list indexes, and the same one again and again: each document is read and parsed once,
every visit counts, and so do the bytes of all documents together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.descriptor import MOST, Descriptor, verify
from hatch_multiarch.oci.documents import parse
from hatch_multiarch.oci.manifest import Index, Manifest, parse_manifest
from hatch_multiarch.oci.media_types import ATTESTATION_MANIFEST, INDEXES, MANIFESTS, REFERENCE_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hatch_multiarch.oci.image_source import ImageSource

DEPTH = 4
"""Most indexes inside each other; BuildKit and docker write two."""
DOCUMENTS = 64 << 20
"""Most bytes of all indexes and manifests of one source together."""


@dataclass(frozen=True)
class Visit:
    """A descriptor on the way down."""

    descriptor: Descriptor
    index: Index | None
    """What it names, if that is an index that the source holds."""


class Walk:
    """Reads the indexes and manifests of *source*, each of them once."""

    def __init__(self, source: ImageSource) -> None:
        self.source = source
        self._read: dict[str, tuple[bytes, Index | Manifest] | None] = {}
        self._bytes = 0
        self._visits = 0

    def read(self, wanted: Descriptor) -> Index | Manifest | None:
        """Return what *wanted* names, its digest checked; None when the source does not hold it.

        Raises ImageError when it is neither an index nor a manifest, and RegistryError.
        """
        found = self._found(wanted)
        return found[1] if found else None

    def data(self, wanted: Descriptor) -> bytes | None:
        """Return the bytes of what ``read`` returns."""
        found = self._found(wanted)
        return found[0] if found else None

    def manifest(self, wanted: Descriptor) -> Manifest | None:
        """Return the manifest *wanted*; None for an artifact of another type, or one not held.

        Raises ImageError for an index, and as ``read`` does.
        """
        if wanted.media_type and wanted.media_type not in MANIFESTS:
            return None
        found = self.read(wanted)
        if isinstance(found, Index):
            raise ImageError(f"{self.source.source}: {wanted.digest}: an index, not a manifest")
        return found

    def visits(self, listed: Iterable[Descriptor], depth: int = 0) -> Iterator[Visit]:
        """Yield the descriptors *listed* and, before each index, all that is below it.

        Raises ImageError beyond DEPTH or MOST.
        """
        for each in listed:
            self._visits += 1
            if self._visits > MOST:
                raise ImageError(f"{self.source.source}: more than {MOST} manifests are no image")
            inner = self.read(each) if not each.media_type or each.media_type in INDEXES else None
            if not isinstance(inner, Index):
                yield Visit(each, None)
                continue
            if depth == DEPTH:
                where = f"{self.source.source}: {each.digest}"
                raise ImageError(f"{where}: more than {DEPTH} indexes inside each other")
            yield from self.visits(inner.manifests, depth + 1)
            yield Visit(each, inner)

    def manifests(self, listed: Iterable[Descriptor]) -> list[Descriptor]:
        """Return the descriptors below *listed* that are no index, or one that is not there."""
        return [each.descriptor for each in self.visits(listed) if each.index is None]

    def _found(self, wanted: Descriptor) -> tuple[bytes, Index | Manifest] | None:
        if wanted.digest not in self._read:
            self._read[wanted.digest] = self._parse(wanted)
        found = self._read[wanted.digest]
        if found and wanted.media_type and wanted.media_type != found[1].media_type:
            where = f"{self.source.source}: {wanted.digest}"
            raise ImageError(
                f"{where}: its media type is {found[1].media_type!r}, but a descriptor says "
                f"{wanted.media_type}"
            )
        return found

    def _parse(self, wanted: Descriptor) -> tuple[bytes, Index | Manifest] | None:
        data = self.source.document(wanted)
        if data is None:
            return None
        where = f"{self.source.source}: {wanted.digest}"
        self._bytes += len(data)
        if self._bytes > DOCUMENTS:
            raise ImageError(f"{where}: manifests of more than {DOCUMENTS} bytes are no image")
        verify(data, wanted, where)
        return data, parse_manifest(parse(data, where), wanted.media_type, where)


def attests(each: Descriptor) -> bool:
    """Tell whether a manifest holds attestations and is no image (BuildKit)."""
    return each.annotations.get(REFERENCE_TYPE) == ATTESTATION_MANIFEST
