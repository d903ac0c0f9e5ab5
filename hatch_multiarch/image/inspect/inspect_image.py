"""Describes the images of an archive or a folder, or a pushed one, without docker.

Of an archive or a folder all blobs are checked, and an image is read for a push. Of a pushed image
only manifests and configs are pulled, through the cache.
"""

from __future__ import annotations

import hashlib
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.image.inspect.describe import (
    Image,
    Inspected,
    PlatformImage,
    describe,
    platforms,
)
from hatch_multiarch.oci.archive_writer import INDEX_JSON
from hatch_multiarch.oci.descriptor import Descriptor, check_digest, hasher
from hatch_multiarch.oci.docker_archive import DockerArchiveSource
from hatch_multiarch.oci.layout_source import LayoutSource
from hatch_multiarch.oci.manifest import Manifest
from hatch_multiarch.oci.media_types import INDEXES
from hatch_multiarch.oci.walk import Walk
from hatch_multiarch.registry import Cache, Puller, RegistrySource, parse_pull
from hatch_multiarch.registry.reference import HUB
from hatch_multiarch.registry.transfer import Content, Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_multiarch.oci.docker_archive import SavedImage
    from hatch_multiarch.oci.layout_source import ArchiveSource
    from hatch_multiarch.oci.open import ImageFile


def inspect_archive(source: ImageFile) -> Inspected:
    """Return what *source* holds; the digest of every document is checked. Raises ImageError."""
    if isinstance(source, DockerArchiveSource):
        images = tuple(_saved(each) for each in source.images())
        return Inspected(source.source, "docker-archive", images)
    return Inspected(source.source, source.kind, _layout(source))


def _layout(source: LayoutSource) -> tuple[Image, ...]:
    """Describe what ``index.json`` names. Without any name, it is the image's own index."""
    index, roots = source.index(), source.roots()
    unnamed = not any(names for _, names in roots)
    if unnamed and len(roots) > 1 and not any(each.media_type in INDEXES for each, _ in roots):
        manifests = platforms(Walk(source), index.manifests)
        return (Image((), index.media_type, "", manifests),)
    return tuple(describe(each, names, source) for each, names in roots)


def _saved(image: SavedImage) -> Image:
    size = sum(each.size for each in (image.config, *image.layers))
    manifest = PlatformImage(image.platform, "", "", image.config.digest, size, image.layers, ())
    return Image(image.names, "", "", (manifest,))


def check(source: ArchiveSource, inspected: Inspected) -> int:
    """Read every blob and compare it with its digest and size; return how many there are.

    Raises ImageError, one line per blob that is missing or is not what it is called.
    """
    wanted: dict[str, int | None] = {}
    for image in inspected.images:
        for manifest in image.manifests:
            if manifest.size is None:
                continue
            wanted.setdefault(manifest.config, None)
            wanted.update({layer.digest: layer.size for layer in manifest.layers})
            wanted.update({each.digest: each.size for each in manifest.attestations})
    for name in source.store.names():
        algorithm, _, digits = name.removeprefix("blobs/").partition("/")
        if name.startswith("blobs/") and digits:
            where = f"{source.source}: {name}"
            wanted.setdefault(check_digest(f"{algorithm}:{digits}", where), None)
    problems = list(filter(None, (_problem(source, *each) for each in wanted.items())))
    if problems:
        raise ImageError("\n".join(f"{source.source}: {problem}" for problem in problems))
    return len(wanted)


def _problem(source: ArchiveSource, digest: str, size: int | None) -> str:
    name = source.path(digest)
    found = source.store.size(name)
    if found is None:
        return f"{name} is missing"
    if size is not None and found != size:
        return f"{name}: {found} bytes, but the manifest says {size}"
    hashed = hasher(digest)
    for data in source.store.chunks(name):
        hashed.update(data)
    if hashed.hexdigest() != digest.partition(":")[2]:
        return f"{name}: the bytes don't match this digest"
    return ""


def content(source: ImageFile, image: Image) -> Content:
    """Return what is to be pushed so that *image* of *source* is whole in a registry.

    The archive stays open as long as the content is read. Raises ImageError when a part is missing
    or contradicts another.
    """
    if not isinstance(source, LayoutSource):
        raise ImageError(
            f"{source.source}: it contains no manifests, like older archives of `docker save`",
            advice="`docker push` the image, or save it with a newer docker",
        )
    walk, last = Walk(source), None
    if image.digest:
        size = source.size(image.digest)
        listed = [Descriptor(image.media_type, image.digest, size)]
    else:
        # An image without an index of its own: that of the layout is one.
        last, listed = _layout_index(source)
    documents: dict[str, Document] = {}
    blobs: dict[str, Descriptor] = {}
    for visit in walk.visits(listed):
        each = visit.descriptor
        found = walk.read(each)
        data = walk.data(each)
        if found is None or data is None:
            raise ImageError(
                f"{source.source}: {each.platform or each.digest} is listed, but not in the "
                "archive",
                advice="pull every platform before `docker save`, or push from the "
                "docker that has them",
            )
        documents.setdefault(each.digest, Document(found, each.digest, data))
        for blob in found.blobs if isinstance(found, Manifest) else ():
            _check_size(source, blob)
            blobs[blob.digest] = blob
    if last is not None:
        documents[last.digest] = last
    return Content(tuple(blobs.values()), tuple(documents.values()), source.read)


def _layout_index(source: LayoutSource) -> tuple[Document, list[Descriptor]]:
    data = source.small(INDEX_JSON)
    index = source.index()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return Document(index, digest, data), list(index.manifests)


def _check_size(source: LayoutSource, blob: Descriptor) -> None:
    size = source.size(blob.digest)
    if size != blob.size:
        raise ImageError(
            f"{source.source}: {source.path(blob.digest)}: {size} bytes, but the manifest says "
            f"{blob.size}"
        )


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
