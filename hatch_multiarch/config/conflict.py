"""A conflict: a problem with one key that depends on others."""

from __future__ import annotations

from typing import NamedTuple

ROOT = "tool.multiarch"


class Conflict(NamedTuple):
    """A problem of one key that comes from others."""

    key: str
    """The key it is reported at."""
    message: str
    others: tuple[str, ...] = ()
    """The other keys it depends on: when one of them is wrong itself, this may be no problem."""
