"""What a key is: the metadata on the field of its dataclass, and the rule for its text."""

from __future__ import annotations

import re
from dataclasses import Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.messages import expected, nearest, show

if TYPE_CHECKING:
    from collections.abc import Callable

CONTROL = r"\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""Control characters, and those that break a line or turn the direction of what follows."""


def key(
    doc: str,
    *,
    default: Any = ...,
    factory: Any = None,
    check: str = "",
    keys: str = "",
    distinct: bool = False,
    single: bool = False,
    part: type | None = None,
    fixed: bool = False,
    short: str = "",
    most: int = 0,
) -> Any:
    """Describe one TOML key: its documentation, its default and the rule its text must pass.

    ``keys`` names the rule of a table's keys; a tuple of dataclasses that has it is read from a
    table by name. ``distinct``: a list that holds something, and nothing twice. ``single``: a
    string alone stands for a list of one. ``part``: the dataclass whose keys, all of them
    optional, the tables of a dict take, without those that are ``fixed``. ``short``: a string, or
    an array where this field is one, alone stands for a table of a dataclass with just this field.
    ``most``: an integer is from 1 to this.
    """
    metadata = {
        "doc": doc,
        "check": check,
        "keys": keys,
        "distinct": distinct,
        "single": single,
        "part": part,
        "fixed": fixed,
        "short": short,
        "most": most,
    }
    if factory is not None:
        return field(default_factory=factory, metadata=metadata)
    if default is ...:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def toml_name(field_name: str) -> str:
    """Return the TOML key of the field *field_name*."""
    return field_name.replace("_", "-")


def toml_fields(cls: type[Any]) -> dict[str, Field[Any]]:
    """Return the fields of one of these classes by TOML key; a record's name is not a key."""
    return {toml_name(each.name): each for each in fields(cls) if each.metadata}


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
