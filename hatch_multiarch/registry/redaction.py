"""What no message may show, and texts without it."""

from __future__ import annotations

import json
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
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
            # Long values are cut before they are shown.
            while len(secret) >= _HEAD and (start := text.find(secret[:_HEAD])) >= 0:
                end = _HEAD
                while end < len(secret) and text.startswith(secret[: end + 1], start):
                    end += 1
                text = f"{text[:start]}***{text[start + end :]}"
        return text

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
