"""How messages name keys and values: on one line, and shortened where they are long.

A ``Conflict`` is the message of a key that depends on others.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = "tool.multiarch"
_LONGEST = 60
"""Characters of a user's value that a message shows."""

_DECIMALS = 64
"""Bits of the largest integer that a message shows; Python refuses to print huge ones at all."""


class Conflict(NamedTuple):
    """A problem of one key that comes from others."""

    key: str
    """The key it is reported at."""
    message: str
    others: tuple[str, ...] = ()
    """The other keys it depends on: when one of them is wrong itself, this may be no problem."""


def at(path: str, name: str) -> str:
    """Return the full key of *name* under *path*, quoted where TOML would need quotes."""
    name = _cut(name)
    if re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return f"{path}.{name}"
    return f'{path}."{"".join(_basic(char) for char in name)}"'


def show(text: str) -> str:
    """Return *text* in quotes with what cannot be printed escaped, cut when it is long."""
    return repr(_cut(text))


def printable(text: str) -> str:
    """Return *text* whole, on one line, with what cannot be printed escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def found(value: Any) -> str:
    """Return what a TOML *value* is, in TOML's words: ``the string 'yes'``, ``a table``."""
    if isinstance(value, str):
        return f"the string {show(value)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"the integer {value}" if value.bit_length() <= _DECIMALS else "a huge integer"
    if isinstance(value, float):
        return f"the float {value}"
    for kind, word in _WORDS:
        if isinstance(value, kind):
            return word
    return f"a {type(value).__name__}"


def expected(what: str, value: Any) -> str:
    """Return the sentence of a value that is not what its key takes."""
    return f"expected {what}, found {found(value)}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that *name* most likely means, or None."""
    by_case = {each.lower(): each for each in known}
    close = difflib.get_close_matches(_cut(name).lower(), by_case, n=1)
    return by_case[close[0]] if close else None


def hint(name: str, known: Iterable[str], shown: Callable[[str], str] = repr) -> str:
    """Return ``; did you mean 'verify'?`` when one of *known* is near *name*, else nothing.

    *shown* writes the one that is meant.
    """
    close = nearest(name, known)
    return "" if close is None else f"; did you mean {shown(close)}?"


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence of a *name* that is none of *known*, with the nearest spelling."""
    known = list(known)
    names = ", ".join(printable(_cut(each)) for each in known)
    return f"unknown {what} {show(name)}{hint(name, known, show) or f' (known: {names})'}"


def unknown_key(name: str, known: Iterable[str]) -> str:
    """Return the same for a key, whose *name* the line already begins with."""
    known = list(known)
    return f"unknown key{hint(name, known)} (known: {', '.join(known)})"


def one_of(choices: Iterable[str]) -> str:
    """Return *choices* as prose: ``'auto', 'host' or 'buildkit'``."""
    *rest, last = (repr(choice) for choice in choices)
    return f"{', '.join(rest)} or {last}" if rest else last


_WORDS: tuple[tuple[type, str], ...] = (
    (dt.datetime, "a date-time"),
    (dt.date, "a date"),
    (dt.time, "a time"),
    (Mapping, "a table"),
    (list, "an array"),
)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _basic(char: str) -> str:
    """Return *char* as TOML writes it in a basic string."""
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    return f"\\u{ord(char):04X}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08X}"  # noqa: PLR2004 - the end of the basic plane
