"""Explains an error status of a registry in one line, with advice."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import printable
from hatch_multiarch.errors import RegistryError
from hatch_multiarch.registry.reference import HUB

if TYPE_CHECKING:
    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transfer import Use
    from hatch_multiarch.registry.transport import Answer
    from hatch_multiarch.registry.transport_error import Lost

_LONGEST = 200
"""Characters of a registry's own words."""

_AGAIN: dict[Use, str] = {
    "push": "what is uploaded stays; `hatch-multiarch push` goes on from there",
    "pull": "what is downloaded stays; try again later",
}
_MISSING: dict[Use, str] = {
    "push": "check the name; some registries want a repository to be created first",
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
    status = answer.status
    reason = f": {words}" if words else ""
    if status == HTTPStatus.UNAUTHORIZED:
        return RegistryError(
            f"{reference.name}: {doing}: {reference.registry} wants "
            f"{'other ' if known else ''}credentials (401){reason}",
            advice=login(reference, use),
        )
    if status == HTTPStatus.FORBIDDEN:
        return RegistryError(
            f"{reference.name}: {doing}: {reference.registry} does not allow it (403){reason}",
            advice=f"check the name; {login(reference, use)}",
        )
    if status == HTTPStatus.NOT_FOUND:
        return RegistryError(
            f"{reference.name}: {doing}: {reference.registry} knows no such place (404){reason}",
            advice=_MISSING[use],
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return RegistryError(
            f"{reference.name}: {doing}: {reference.registry}, or a proxy before it, takes no "
            f"request of this size (413){reason}",
            advice="raise its limit, such as client_max_body_size of nginx",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RegistryError(
            f"{reference.name}: {doing}: {reference.registry} cannot do it now ({status}){reason}",
            advice=_AGAIN[use],
        )
    return RegistryError(
        f"{reference.name}: {doing}: {reference.registry} answered {status}{reason}"
    )


def unreachable(
    reference: Reference, doing: str, lost: Lost, host: str = "", use: Use = "push"
) -> RegistryError:
    """Return the error of a registry, or of another *host*, that could not be heard."""
    advice = lost.advice or _AGAIN[use]
    if lost.speaks_plainly and use == "pull":
        advice = "take it from a registry with TLS; without, only one on this machine is read"
    return RegistryError(
        f"{reference.name}: {doing}: {host or reference.host}: {lost.reason}",
        advice=advice,
    )


def words_of(answer: Answer) -> str:
    """Return what a registry says about its refusal (distribution-spec, Error Codes)."""
    try:
        found = json.loads(answer.body)["errors"][0]
        said = ": ".join(str(found[key]) for key in ("code", "message") if found.get(key))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return ""
    said = printable(said)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."
