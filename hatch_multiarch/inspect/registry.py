"""A pushed image, read without docker: its manifests and configs, checked, through the cache."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.inspect.records import Inspected
from hatch_multiarch.inspect.walk import walk
from hatch_multiarch.oci import documents
from hatch_multiarch.oci.documents import LIMIT, Entry
from hatch_multiarch.registry import Blob, Cache, Puller, parse_pull
from hatch_multiarch.registry.reference import HUB

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Registry:
    """The documents of the image that *puller* pulls; *source* is its name as it was given."""

    def __init__(self, puller: Puller, source: str) -> None:
        self.source = source
        self._puller = puller

    def root(self) -> Entry:
        """Ask for what the reference names. Raises RegistryError."""
        digest = self._puller.digest()
        return Entry("", digest, len(self._puller.manifest(digest)), "", {})

    def prepare(self, wanted: Sequence[Entry]) -> None:
        """Do nothing: one connection gives one document after the other."""

    def document(self, wanted: Entry) -> Any:
        """Return an index or a manifest, its digest checked. Raises RegistryError, ImageError."""
        where = f"{self.source}: {wanted.digest}"
        return documents.parse(
            documents.verify(self._puller.manifest(wanted.digest), wanted, where), where
        )

    def config(self, manifest: Entry, wanted: Entry) -> Any:
        """Return the config *wanted* of *manifest*. Raises RegistryError, ImageError."""
        where = f"{self.source}: {manifest.digest}: config"
        if wanted.size > LIMIT:
            raise ImageError(f"{where}: {wanted.size} bytes are too many")
        path = self._puller.path(Blob(wanted.digest, wanted.size))
        return documents.parse(documents.verify(path.read_bytes(), wanted, where), where)


@contextmanager
def opened(
    reference: str, environ: Mapping[str, str], cache: Cache | None = None
) -> Iterator[Puller]:
    """Yield what pulls *reference*, with the credentials and, if no other, the cache of *environ*.

    Raises ImageError for what is no name of an image, and RegistryError also while it is used.
    """
    try:
        found = parse_pull(reference)
    except RegistryError:
        raise ImageError(
            f"{reference}: neither a file, nor a folder, nor the name of an image",
            advice="a name is REGISTRY/PATH:TAG or REGISTRY/PATH@sha256:..., in lower case",
        ) from None
    with closing(Puller(found, environ, cache or Cache.of(environ))) as puller:
        try:
            yield puller
        except RegistryError as error:
            if found.registry != HUB or reference.startswith(HUB):
                raise
            hub = (
                "a name without a registry is looked up on Docker Hub; an image that is only in "
                "docker can be inspected as an archive of `docker save`"
            )
            raise RegistryError(error.message, advice=f"{error.advice}; {hub}") from None


def inspect_reference(reference: str, environ: Mapping[str, str]) -> Inspected:
    """Return what the pushed image *reference* is.

    Raises RegistryError when the registry has no such image or does not show it, ImageError for
    what is no image and no name of one.
    """
    with opened(reference, environ) as puller:
        registry = Registry(puller, reference)
        image = walk(registry.root(), (reference,), registry)
    return Inspected(reference, "registry", (image,))
