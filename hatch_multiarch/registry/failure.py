"""What a registry's refusal means, in one line, and what to do about it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from hatch_multiarch.config.words import printable
from hatch_multiarch.errors import RegistryError

if TYPE_CHECKING:
    from hatch_multiarch.registry.lost import Lost
    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transport import Answer

_LONGEST = 200
"""Characters of a registry's own words."""

_AGAIN = "what is uploaded stays; `hatch-multiarch push` goes on from there"


def refused(reference: Reference, doing: str, answer: Answer, words: str) -> RegistryError:
    """Return the error of an *answer* to what we were *doing*; *words* are the registry's own."""
    status = answer.status
    reason = f": {words}" if words else ""
    login = f"docker login {reference.registry}" if reference.registry != "docker.io" else ""
    login = login or "docker login"
    if status == HTTPStatus.UNAUTHORIZED:
        return RegistryError(
            f"{reference.name}: {doing}: {reference.registry} wants other credentials "
            f"(401){reason}",
            advice=f"`{login}`, with an account that may push there",
        )
    if status == HTTPStatus.FORBIDDEN:
        return RegistryError(
            f"{reference.name}: {doing}: {reference.registry} does not allow it (403){reason}",
            advice=f"check the name, and that the account of `{login}` may push there",
        )
    if status == HTTPStatus.NOT_FOUND:
        return RegistryError(
            f"{reference.name}: {doing}: {reference.registry} knows no such place (404){reason}",
            advice="check the name; some registries want a repository to be created first",
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
            advice=_AGAIN,
        )
    return RegistryError(
        f"{reference.name}: {doing}: {reference.registry} answered {status}{reason}"
    )


def unreachable(reference: Reference, doing: str, lost: Lost, host: str = "") -> RegistryError:
    """Return the error of a registry, or of another *host*, that could not be heard."""
    return RegistryError(
        f"{reference.name}: {doing}: {host or reference.host}: {lost.reason}",
        advice=lost.advice or _AGAIN,
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


def code_of(answer: Answer) -> str:
    """Return the code of the first error that a registry names."""
    return words_of(answer).partition(":")[0]
