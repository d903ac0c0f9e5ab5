"""Names of images, split as docker splits them (distribution/reference, normalize.go)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace

from hatch_multiarch.config.rules_docker import DOCKER_RULES
from hatch_multiarch.errors import RegistryError

HUB = "docker.io"
_HUBS = (HUB, "index.docker.io")
_HUB_HOST = "registry-1.docker.io"
"""Where Docker Hub, whose name is another, answers."""
_HIGHEST_PORT = 65535
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""distribution-spec 1.1, "Pulling manifests"."""


@dataclass(frozen=True)
class Reference:
    """REGISTRY/PATH[:TAG][@DIGEST]."""

    registry: str
    """As `docker login` takes it: ``docker.io``, ``127.0.0.1:5000``."""
    path: str
    """Of the repository: ``team/greeter``."""
    tag: str = ""
    digest: str = ""
    """Of what is read; nothing can be pushed to one."""

    @property
    def name(self) -> str:
        """The repository with its registry."""
        return f"{self.registry}/{self.path}"

    @property
    def host(self) -> str:
        """Host, with a port where there is one, that answers for the registry."""
        return _HUB_HOST if self.registry == HUB else self.registry


def parse(text: str) -> Reference:
    """Return where *text* leads to; a name without a registry is one on Docker Hub.

    Raises RegistryError for what is no name, or names a digest, to which nothing can be pushed.
    """
    found = _parse(text)
    if found.digest:
        raise RegistryError(
            f"{text}: a digest cannot be pushed to, it follows from the image",
            advice=f"push to {text.partition('@')[0]}",
        )
    return found


def parse_pull(text: str) -> Reference:
    """Return what *text* names to be read: a digest, a tag or both, ``latest`` without either.

    Raises RegistryError for what is no name.
    """
    found = _parse(text)
    return found if found.tag or found.digest else replace(found, tag="latest")


def check_tag(tag: str) -> str:
    """Return *tag* if it can be one. Raises RegistryError."""
    if not _TAG.fullmatch(tag):
        raise RegistryError(
            f"{tag[:80]!r} is not a tag",
            advice="a tag is up to 128 letters, digits, '_', '.' and '-', such as 1.0.0",
        )
    return tag


def _parse(text: str) -> Reference:
    try:
        DOCKER_RULES["image_reference"](text)
    except ValueError as error:
        raise RegistryError(
            f"the name of an image: {error}", advice="write REGISTRY/PATH:TAG, in lower case"
        ) from None
    rest, _, digest = text.partition("@")
    registry, path = _split(rest)
    path, _, tag = path.partition(":")
    port = registry.rpartition("]")[2].rpartition(":")[2]
    if port.isdigit() and ":" in registry and int(port) > _HIGHEST_PORT:
        raise RegistryError(f"{text}: {port} is not a port")
    if registry in _HUBS:
        registry = HUB
        path = path if "/" in path else f"library/{path}"
    return Reference(registry, path, tag, digest)


def _split(rest: str) -> tuple[str, str]:
    """Return registry and path: what stands before the first slash is a host if it looks so."""
    first, slash, path = rest.partition("/")
    hostlike = any(char in first for char in ".:[") or first == "localhost"
    if slash and (hostlike or first.lower() != first):
        return first, path
    return HUB, rest


def is_loopback(host: str) -> bool:
    """Tell whether *host*, with or without a port, is this machine by its very name."""
    name = host_name(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """Return *host* without its port and an IPv6 address without its brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    if host.count(":") > 1:  # an IPv6 address that has lost its brackets already
        return host.lower()
    return host.partition(":")[0].lower()
