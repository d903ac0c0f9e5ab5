"""The daemon that runs images, and how an image gets there and away again."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import EngineError
from hatch_multiarch.inspect.portion import portion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_multiarch.inspect import Archive, Manifest

ANSWER = 600
"""Seconds that the daemon may take for one answer: it may be pulling."""


def connect(environ: Mapping[str, str]) -> Any:
    """Return a client of the daemon that the docker command line uses. Raises EngineError."""
    try:
        import docker  # noqa: PLC0415 - an extra
    except ImportError:
        raise EngineError(
            "verify needs the docker SDK for Python",
            advice="pip install 'hatch-multiarch[docker]'",
        ) from None
    with daemon():
        return docker.from_env(timeout=ANSWER, environment=dict(environ))


@contextmanager
def daemon() -> Iterator[None]:
    """Turn what the SDK raises into one line."""
    from docker.errors import APIError, DockerException  # noqa: PLC0415 - an extra
    from requests.exceptions import RequestException  # noqa: PLC0415 - comes with docker

    try:
        yield
    except APIError as error:
        raise EngineError(f"docker: {error.explanation or error}") from None
    except (DockerException, RequestException) as error:
        raise EngineError(
            f"docker does not answer: {error}",
            advice="start Docker, or point DOCKER_HOST at one that runs",
        ) from None


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
