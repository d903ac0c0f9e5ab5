"""What no message may show, and texts without it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from hatch_multiarch.errors import ImageError, RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHORTEST = 4
"""Characters of what is hidden as a secret; less would hide every letter."""
_HEAD = 8
"""Characters of a secret by which one that was cut is known."""


class Redaction:
    """The secrets of one client; for several threads."""

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()

    def keep(self, secret: str) -> None:
        """Note *secret*, as it is and in the forms in which it is sent."""
        if len(secret) >= _SHORTEST:
            forms = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
            forms |= {secret, json.dumps(secret)[1:-1]}
            # A new set: `hide` may be reading the old one.
            self._secrets = self._secrets | forms

    def hide(self, text: str) -> str:
        """Return *text* without secrets that a registry gave back in it."""
        heads = sorted({each[:_HEAD] for each in self._secrets}, key=len, reverse=True)
        if not heads:
            return text
        # In any case: a host's name is shown in lower case. And long values are shown cut.
        head = re.compile("|".join(map(re.escape, heads)), re.IGNORECASE)
        hidden, at = "", 0
        while found := head.search(text, at):
            rest = text[found.start() :]
            end = found.start() + max(_shared(rest, each) for each in self._secrets)
            hidden, at = f"{hidden}{text[at : found.start()]}***", max(end, found.end())
        return hidden + text[at:]

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Have the errors of the block without secrets, whatever of an answer they quote."""
        try:
            yield
        except (RegistryError, ImageError) as error:
            message, advice = self.hide(error.message), self.hide(error.advice)
            if (message, advice) == (error.message, error.advice):
                raise
            raise type(error)(message, advice=advice) from None


def _shared(text: str, secret: str) -> int:
    """Return how many characters of *secret* are at the beginning of *text*."""
    pairs = enumerate(zip(text, secret, strict=False))
    longest = min(len(text), len(secret))
    return next((at for at, (one, two) in pairs if one.lower() != two.lower()), longest)
