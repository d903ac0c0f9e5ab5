"""Parses the challenges of a 401 (RFC 9110, section 11.6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import show
from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry.reference import host_name, is_loopback
from hatch_multiarch.registry.url_policy import safe_url

if TYPE_CHECKING:
    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transport import Answer

_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAMETER = re.compile(rf'({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^\s",]*))')
"""Also without quotes where a value needs them, as some registries write it."""
_SCHEME = re.compile(rf"{_WORD}(?=[\s,]|$)")
_OTHER = re.compile(r"[\s,]+|[^\s,]+")
"""What is between challenges, or belongs to none that is known."""
_LONGEST = 20
"""Characters of a scheme's name."""


@dataclass(frozen=True)
class Challenge:
    """One way to log in."""

    scheme: str
    """In lower case: ``basic``, ``bearer`` or another."""
    realm: str = ""
    """Of ``bearer``: the URL of the token server."""
    service: str = ""


def challenge_of(answer: Answer) -> Challenge | None:
    """Return how to log in, by tokens if there is a choice; None when neither way is offered.

    Other schemes, such as Negotiate, are passed over (RFC 9110, section 11.6.1). A challenge of
    ``bearer`` without a realm counts where there is nothing else.
    """
    offered = _offered(answer)
    usable = [each for each in offered if each.scheme == "bearer" and each.realm]
    usable += [each for each in offered if each.scheme == "basic"]
    usable += [each for each in offered if each.scheme == "bearer"]
    return usable[0] if usable else None


def other_schemes(answer: Answer) -> list[str]:
    """Return the names of the schemes that are offered where none of them is known here."""
    names = [each.scheme for each in _offered(answer)]
    if {"basic", "bearer"} & set(names):
        return []
    return [each[:_LONGEST] for each in dict.fromkeys(names)][:4]


def _offered(answer: Answer) -> list[Challenge]:
    """Return all challenges, of one header or several, in their order."""
    found: list[tuple[str, dict[str, str]]] = []
    for header in answer.headers.get_all("WWW-Authenticate") or []:
        text, at = str(header), 0
        mine: list[tuple[str, dict[str, str]]] = []
        while at < len(text):
            if parameter := _PARAMETER.match(text, at):
                name, quoted, plain = parameter.groups()
                value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
                if mine:
                    mine[-1][1].setdefault(name.lower(), value)
                at = parameter.end()
            elif scheme := _SCHEME.match(text, at):
                mine.append((scheme[0].lower(), {}))
                at = scheme.end()
            elif other := _OTHER.match(text, at):
                at = other.end()
        found += mine
    return [
        Challenge(scheme, values.get("realm", ""), values.get("service", ""))
        for scheme, values in found
    ]


def check_realm(realm: str, reference: Reference, *, plain: bool) -> None:
    """Raise RegistryError unless credentials may go to *realm*, which a registry has named.

    A registry that TLS vouches for may name any https address. One on *plain* http may have been
    spoken for by anybody on the way: its realm is on the same host, or this machine for this
    machine.
    """
    if not realm:
        raise RegistryError(
            f"{reference.name}: {reference.registry} requires a token, but names no token server; "
            "nothing was sent there",
            advice='its 401 must name one: `WWW-Authenticate: Bearer realm="https://..."`',
        )
    parts = safe_url(realm)
    own = host_name(reference.host)
    host = (parts.hostname or "") if parts else ""
    near = host == own or (is_loopback(host) and is_loopback(own))
    if parts and parts.scheme == "https" and (near or not plain or is_loopback(own)):
        return
    if parts and parts.scheme == "http" and plain and near:
        return
    raise RegistryError(
        f"{reference.name}: {reference.registry} sends credentials to {show(_place(realm))}, which "
        "is not safe; nothing was sent there",
        advice="have its realm (the token server) set to an https address",
    )


def _place(realm: str) -> str:
    """Return *realm* without what may be secret in it."""
    return re.sub(r"//[^/@]*@", "//", realm.partition("?")[0])
