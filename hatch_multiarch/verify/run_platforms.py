"""Runs the platforms of an image, one after the other, in docker, which keeps none."""

from __future__ import annotations

import secrets
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.docker.sdk import connect, daemon
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.inspect import inspect_archive, open_image
from hatch_multiarch.image.inspect.inspect_image import inspect_reference
from hatch_multiarch.oci.descriptor import Descriptor, platform_document
from hatch_multiarch.oci.docker_archive import docker_archive
from hatch_multiarch.oci.layout import index_of
from hatch_multiarch.pipeline.find_outputs import find_image
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from hatch_multiarch.image.inspect import Inspected, PlatformImage
    from hatch_multiarch.oci.layout_source import ArchiveSource
    from hatch_multiarch.verify.outcome import Ran, Run


def verify(
    source: str, run: Run, environ: Mapping[str, str], on_ran: Callable[[Ran], None]
) -> tuple[Ran, ...]:
    """Run the image *source* (as inspect takes it) and tell *on_ran* of each platform in turn.

    Raises EngineError when docker, its SDK or buildx is missing, and ImageError when there is no
    such image or no such platform in it. A platform that fails is no error here.
    """
    found = find_image(source)
    client = connect(environ, "verify")
    with closing(client), daemon():
        if isinstance(found, Path):
            with open_image(found) as archive:
                chosen = _choose(inspect_archive(archive), run.platforms)
                return _each(client, chosen, run, on_ran, lambda m: loaded(client, archive, m))
        chosen = _choose(inspect_reference(found, environ), run.platforms)
        return _each(client, chosen, run, on_ran, lambda m: pulled(client, found, m))


def _choose(inspected: Inspected, platforms: tuple[str, ...]) -> list[PlatformImage]:
    """Return the platforms to run. Raises ImageError when there are none."""
    known = [
        manifest
        for image in inspected.images
        for manifest in image.manifests
        if manifest.size is not None and manifest.platform.count("/") and manifest.config
    ]
    chosen = [each for each in known if match(each.platform, platforms)]
    if not chosen:
        has = ", ".join(each.platform for each in known) or "none that can run"
        raise ImageError(
            f"{inspected.source}: no platform matches {', '.join(platforms)}; it has {has}"
        )
    return chosen


def _each(
    client: Any,
    chosen: Sequence[PlatformImage],
    run: Run,
    on_ran: Callable[[Ran], None],
    brought: Callable[[PlatformImage], AbstractContextManager[str]],
) -> tuple[Ran, ...]:
    from hatch_multiarch.verify.container import run_platform  # noqa: PLC0415 - imports the extra

    results = []
    for manifest in chosen:
        with brought(manifest) as name:
            results.append(run_platform(client, name, manifest, run))
        on_ran(results[-1])
    return tuple(results)


@contextmanager
def pulled(client: Any, reference: str, manifest: PlatformImage) -> Iterator[str]:
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
def loaded(client: Any, source: ArchiveSource, manifest: PlatformImage) -> Iterator[str]:
    """Load one platform under a name of our own, and remove it afterwards."""
    repository, tag = "hatch-multiarch-verify", secrets.token_hex(8)
    name = f"{repository}:{tag}"
    held, index = None, None
    if manifest.digest:
        held = Descriptor(manifest.media_type, manifest.digest, source.size(manifest.digest))
        platform = platform_document(manifest.platform)
        index = index_of(held, reference=repository, tags=(tag,), platform=platform)
    archive = docker_archive(
        source,
        source.describe(manifest.config),
        manifest.layers,
        (name,),
        manifest=held,
        index=index,
        epoch=0,
        # Behind gzip, a step back in the archive would unpack all anew.
        order=lambda digest: source.store.order(source.path(digest)),
    )
    try:
        client.images.load(archive)
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
