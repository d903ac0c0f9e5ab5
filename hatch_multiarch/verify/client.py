"""How an image gets into the daemon that runs it, and away again."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hatch_multiarch.inspect.portion import portion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.inspect import Archive, Manifest


@contextmanager
def pulled(client: Any, reference: str, manifest: Manifest) -> Iterator[str]:
    """Pull one platform by its digest; remove it afterwards unless it was there."""
    repository = reference.partition("@")[0]
    head, slash, last = repository.rpartition("/")
    repository = f"{head}{slash}{last.partition(':')[0]}"
    name = f"{repository}@{manifest.digest}"
    there = _has(client, name)
    if not there:
        client.images.pull(repository, tag=manifest.digest, platform=manifest.platform)
    try:
        yield name
    finally:
        if not there:
            client.images.remove(name)


@contextmanager
def loaded(client: Any, archive: Archive, manifest: Manifest) -> Iterator[str]:
    """Load one platform under a name of our own, and remove it afterwards."""
    name = f"hatch-multiarch-verify:{secrets.token_hex(8)}"
    try:
        client.images.load(portion(archive, manifest, name))
        yield name
    finally:
        if _has(client, name):
            client.images.remove(name)


def _has(client: Any, name: str) -> bool:
    from docker.errors import ImageNotFound  # noqa: PLC0415 - an extra

    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True
