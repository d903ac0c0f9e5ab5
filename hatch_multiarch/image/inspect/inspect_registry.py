"""Inspects a pushed image without docker: manifests and configs, through the cache."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.image.inspect.describe import Inspected, describe
from hatch_multiarch.registry import Cache, Puller, RegistrySource, parse_pull
from hatch_multiarch.registry.reference import HUB

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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
        source = RegistrySource(puller, reference)
        image = describe(source.root, (reference,), source)
    return Inspected(reference, "registry", (image,))
