"""docker's daemon through its SDK for Python: connects to it, and asks for its image store."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.messages import show
from hatch_multiarch.docker.install_advice import advice, here
from hatch_multiarch.errors import EngineError
from hatch_multiarch.platforms import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANSWER = 600
"""Seconds that the daemon may take for one answer: it may be pulling, or unpacking."""

INSTALL = "pip install 'hatch-multiarch[docker]'"

SNAPSHOTTER = "io.containerd.snapshotter.v1"
"""The driver-type of docker's containerd store in what ``docker info`` says of the driver."""


def connect(environ: Mapping[str, str], who: str, install: str = INSTALL) -> Any:
    """Return a client of the daemon that the docker command line uses; close it in the end.

    DOCKER_HOST wins over DOCKER_CONTEXT, and that over the context in use (docker/cli,
    cli/command/cli.go, resolveContextName). *who* needs the SDK, and *install* says what to do
    where it is missing. Raises EngineError for that, and for a daemon that does not answer.
    """
    try:
        import docker  # noqa: PLC0415 - an extra
    except ImportError:
        raise EngineError(f"{who} needs the docker SDK for Python", advice=install) from None
    with daemon():
        if not environ.get("DOCKER_HOST"):
            _check_context(environ)
        return docker.from_env(timeout=ANSWER, environment=dict(environ))


@contextmanager
def daemon() -> Iterator[None]:
    """Turn what the SDK raises into one line."""
    from docker.errors import (  # noqa: PLC0415 - an extra
        APIError,
        DockerException,
        ImageLoadError,
        StreamParseError,
    )
    from requests.exceptions import RequestException  # noqa: PLC0415 - comes with docker
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with requests

    try:
        yield
    except APIError as error:
        raise EngineError(f"docker: {error.explanation or error}") from None
    except ImageLoadError as error:
        raise EngineError(f"docker: {error}") from None
    except (DockerException, RequestException, HTTPError, StreamParseError) as error:
        if "PermissionError" in str(error):  # the SDK keeps no more of it than its text
            message = "this user may not use docker's socket"
            raise EngineError(message, advice=advice("permission", here())) from None
        gone = "FileNotFoundError" in str(error) or "ConnectionRefusedError" in str(error)
        raise EngineError(
            "docker does not answer: nothing is listening there"
            if gone
            else f"docker does not answer: {error}",
            advice="start Docker, or point DOCKER_HOST at a running one",
        ) from None


def _check_context(environ: Mapping[str, str]) -> None:
    """Refuse a context that is not there: for it the SDK takes the daemon of the usual socket."""
    from docker import context  # noqa: PLC0415 - an extra

    name = environ.get("DOCKER_CONTEXT") or context.config.get_current_context_name()
    if name != "default" and context.ContextAPI.get_context(name) is None:
        message = f"docker's SDK can't find the context {show(name)}"
        raise EngineError(message, advice=advice("context", here()))


@dataclass(frozen=True)
class Store:
    """What the daemon says of itself."""

    containerd: bool
    """It keeps images in containerd: all platforms, by the digest of their index."""
    platform: str
    """The daemon's own, normalised."""


def store_of(client: Any) -> Store:
    """Return the store behind *client*, a ``docker.DockerClient``; raises what the SDK does."""
    info = client.info()
    status = info.get("DriverStatus") or []
    return Store(
        containerd=any(SNAPSHOTTER in pair for pair in status),
        # Of Arm, `version()` leaves the variant out; this is what uname says.
        platform=normalise(f"{info['OSType']}/{info['Architecture']}"),
    )
