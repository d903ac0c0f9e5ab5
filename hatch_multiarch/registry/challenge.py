"""Parses the challenges of a 401 (RFC 9110, section 11.6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hatch_multiarch.config.messages import show
from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry.reference import host_name, is_loopback

if TYPE_CHECKING:
    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transport import Answer

_CHALLENGE = re.compile(r"(?:^|,)\s*([A-Za-z]+)\s+(?=[A-Za-z_-]+\s*=)")
_PARAMETER = re.compile(r'([A-Za-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')


@dataclass(frozen=True)
class Challenge:
    """One way to log in."""

    scheme: str
    """``basic`` or ``bearer``."""
    realm: str = ""
    """Of ``bearer``: the URL of the token server."""
    service: str = ""


def challenge_of(answer: Answer) -> Challenge | None:
    """Return how to log in, by tokens if there is a choice; None when neither way is offered."""
    found: dict[str, Challenge] = {}
    for header in answer.headers.get_all("WWW-Authenticate") or []:
        text = str(header)
        starts = list(_CHALLENGE.finditer(text))
        ends = [each.start() for each in starts[1:]] + [len(text)]
        for start, end in zip(starts, ends, strict=True):
            values = {
                name.lower(): quoted or plain
                for name, quoted, plain in _PARAMETER.findall(text[start.end() : end])
            }
            scheme = start[1].lower()
            found[scheme] = Challenge(scheme, values.get("realm", ""), values.get("service", ""))
        if not starts and text.strip().lower() == "basic":
            found["basic"] = Challenge("basic")
    return found.get("bearer") or found.get("basic")


def check_realm(realm: str, reference: Reference, *, plain: bool) -> None:
    """Raise RegistryError unless credentials may go to *realm*, which a registry has named.

    A registry that TLS vouches for may name any https address. One on *plain* http may have been
    spoken for by anybody on the way: its realm is on the same host, or this machine for this
    machine.
    """
    try:
        parts = urlsplit(realm)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    own = host_name(reference.host)
    near = host == own or (is_loopback(host) and is_loopback(own))
    good = bool(host) and port != 0 and parts.username is None
    if good and parts.scheme == "https" and (near or not plain or is_loopback(own)):
        return
    if good and parts.scheme == "http" and plain and near:
        return
    raise RegistryError(
        f"{reference.name}: {reference.registry} sends credentials to {show(_place(realm))}, which "
        "is not safe; nothing was sent there",
        advice="have its realm (the token server) set to an https address",
    )


def _place(realm: str) -> str:
    """Return *realm* without what may be secret in it."""
    return re.sub(r"//[^/@]*@", "//", realm.partition("?")[0])
