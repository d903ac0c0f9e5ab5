"""A rule: what the string of a key must look like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.messages import expected, nearest, show

if TYPE_CHECKING:
    from collections.abc import Callable

CONTROL = r"\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""Control characters, and those that break a line or turn the direction of what follows."""


@dataclass(frozen=True)
class Rule:
    """What a string must be; calling the rule returns the value that the config holds.

    Calling it raises ValueError with the rest of a sentence that begins with the key.
    """

    expected: str
    pattern: str = ""
    refine: Callable[[str], Any] | None = None
    together: Callable[[list[Any]], list[Any]] | None = None
    """For a list: looks at all of its values at once, and returns or refuses them."""
    longest: int = 1024
    """In characters."""
    words: tuple[str, ...] = ()
    """What it takes among others, and a message hints at when it is nearly spelled."""

    def __call__(self, text: str) -> Any:
        """Return the value of *text*."""
        if len(text) > self.longest or not re.fullmatch(self.pattern or r"[^\x00]*", text):
            near = nearest(text, self.words)
            hint = f"; did you mean {show(near)}?" if near else ""
            raise ValueError(expected(self.expected, text) + hint)
        return self.refine(text) if self.refine else text
