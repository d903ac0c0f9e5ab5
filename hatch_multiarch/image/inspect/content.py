"""Everything that a registry needs of an image in an archive or a folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.oci.archive_writer import INDEX_JSON
from hatch_multiarch.oci.descriptor import Descriptor
from hatch_multiarch.oci.layout_source import LayoutSource
from hatch_multiarch.oci.manifest import Manifest
from hatch_multiarch.oci.walk import Walk
from hatch_multiarch.registry.transfer import Content, Document

if TYPE_CHECKING:
    from hatch_multiarch.image.inspect.describe import Image
    from hatch_multiarch.oci.open import ImageFile


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
