"""The platforms that a tag would lose: its present image has them, and the new one does not."""

from __future__ import annotations

import hashlib
import io
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.oci.descriptor import parse_platform
from hatch_multiarch.oci.documents import LIMIT, parse, table
from hatch_multiarch.oci.manifest import Index, parse_manifest
from hatch_multiarch.oci.media_types import ACCEPT, CONFIGS
from hatch_multiarch.oci.walk import attests
from hatch_multiarch.registry.download import Download
from hatch_multiarch.registry.registry_client import Client
from hatch_multiarch.registry.transfer import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.manifest import Manifest
    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transfer import Content

FEWER = (
    "push an image of all platforms, or allow it: --fewer-platforms, in a build also "
    "HATCH_MULTIARCH_FEWER_PLATFORMS=1"
)
"""What to do about a tag that would lose some."""


class LosingError(RegistryError):
    """A tag would lose platforms."""


def check_repository(
    reference: Reference,
    tags: Collection[str],
    platforms: Collection[str],
    environ: Mapping[str, str],
) -> None:
    """Raise LosingError as ``check_tags`` does, and RegistryError of the registry."""
    with closing(Client(reference, environ, Pace())) as client:
        client.ping()
        check_tags(client, tags, platforms)


def check_tags(client: Client, tags: Collection[str], platforms: Collection[str]) -> None:
    """Raise LosingError when one of *tags* names an image of more than *platforms*.

    A tag that is not there, or names no image, loses nothing. Raises RegistryError of the registry.
    """
    for tag in tags:
        lost = [each for each in _named(client, tag) if each not in platforms]
        if lost:
            raise LosingError(
                f"{client.reference.name}:{tag} would lose {', '.join(lost)}: the new image has "
                f"{', '.join(platforms) or 'no platform'} only",
                advice=FEWER,
            )


def platforms_of(content: Content) -> list[str]:
    """Return the platforms of the image in *content*. Raises ImageError."""
    root = content.root.parsed
    return _platforms(root, lambda blob: content.read(blob.digest, 0, blob.size))


def _named(client: Client, tag: str) -> list[str]:
    doing = f"asking for the platforms of the tag {tag}"
    url = client.url(f"/manifests/{tag}")
    answer = client.request("GET", url, doing, headers={"Accept": ACCEPT}, ok=(200, 404))
    if answer.status == HTTPStatus.NOT_FOUND:
        return []

    def read(blob: Descriptor) -> bytes:
        file = io.BytesIO()
        Download(client, blob).run(file)
        return file.getvalue()

    where = f"{client.reference.name}:{tag}"
    try:
        told = answer.header("Content-Type").partition(";")[0].strip()
        return _platforms(parse_manifest(parse(answer.body, where), told, where), read)
    except ImageError:
        return []  # not an image, so that nobody runs it by its tag


def _platforms(root: Index | Manifest, read: Callable[[Descriptor], bytes]) -> list[str]:
    if isinstance(root, Index):
        named = [each.platform for each in root.manifests if not attests(each)]
        return list(dict.fromkeys(each for each in named if each and "unknown" not in each))
    if root.config.media_type not in CONFIGS or root.config.size > LIMIT:
        return []
    where = root.config.digest
    data = read(root.config)
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != where:
        return []
    found = parse_platform(table(parse(data, where), where), where)
    return [found] if found else []
