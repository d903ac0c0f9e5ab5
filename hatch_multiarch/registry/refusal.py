"""Explains an error status of a registry in one line, with advice."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import printable
from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry.challenge import other_schemes
from hatch_multiarch.registry.proxy_settings import ADVICE
from hatch_multiarch.registry.reference import HUB

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transfer import Use
    from hatch_multiarch.registry.transport import Answer
    from hatch_multiarch.registry.transport_error import Lost

_LONGEST = 200
"""Characters of a registry's own words."""

_AGAIN: dict[Use, str] = {
    "push": "uploaded data is kept; `hatch-multiarch push` continues from there",
    "pull": "downloaded data is kept; try again later",
}
_MISSING: dict[Use, str] = {
    "push": "check the name; some registries require a repository to be created first",
    "pull": "check the name and the tag",
}
_MAY: dict[Use, str] = {"push": "may push there", "pull": "may pull from there"}


def login(reference: Reference, use: Use) -> str:
    """Return the advice to log in."""
    words = "docker login" if reference.registry == HUB else f"docker login {reference.registry}"
    return f"`{words}`, with an account that {_MAY[use]}"


def refused(
    reference: Reference,
    doing: str,
    answer: Answer,
    words: str,
    use: Use = "push",
    *,
    known: bool = False,
) -> RegistryError:
    """Return the error of an *answer* to what we were *doing*; *words* are the registry's own.

    *known*: it was given credentials.
    """
    status, registry = answer.status, reference.registry
    others = ", ".join(other_schemes(answer))
    told: dict[int, tuple[str, str]] = {
        401: (
            f"{registry} requires {'other ' if known else ''}credentials",
            login(reference, use),
        ),
        403: (f"{registry} does not allow it", f"check the name; {login(reference, use)}"),
        404: (f"{registry} has no such repository", _MISSING[use]),
        407: (f"the proxy in front of {registry} requires other credentials", ADVICE),
        413: (
            f"{registry}, or a proxy in front of it, rejects requests of this size",
            "raise its limit, such as client_max_body_size of nginx",
        ),
        429: (f"{registry} is temporarily unavailable", _AGAIN[use]),
    }
    if others:
        said = f"{registry} offers no supported login, only {others}"
        told[401] = said, "the registry, or the proxy in front of it, must offer Basic or Bearer"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        told[status] = told[429]
    said, advice = told.get(status, (f"{registry} answered", ""))
    number = f"({status})" if status in told else str(status)
    reason = f": {words}" if words else ""
    return RegistryError(f"{reference.name}: {doing}: {said} {number}{reason}", advice=advice)


def unreachable(
    reference: Reference, doing: str, lost: Lost, host: str = "", use: Use = "push"
) -> RegistryError:
    """Return the error of a registry, or of another *host*, that could not be heard."""
    advice = lost.advice or _AGAIN[use]
    if lost.speaks_plainly and use == "pull":
        advice = "use a registry with TLS; without TLS, only registries on this machine are allowed"
    return RegistryError(
        f"{reference.name}: {doing}: {host or reference.host}: {lost.reason}",
        advice=advice,
    )


def words_of(answer: Answer, hide: Callable[[str], str]) -> str:
    """Return what a registry says about its refusal (distribution-spec, Error Codes).

    *hide* takes secrets out, before anything is escaped or cut.
    """
    try:
        found = json.loads(answer.body)["errors"][0]
        said = ": ".join(str(found[key]) for key in ("code", "message") if found.get(key))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return ""
    said = printable(hide(said))
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."
