"""Writes YAML 1.2 in block style; text that could be read as another type is quoted.

There is one writer and no reader here, so that no YAML library is needed. Quoting follows
section 5.7 of the YAML specification: outside printable ASCII every character is an escape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class Script(str):
    """A text of several lines, written as a literal block. Where a shell reads it, it is ours."""

    __slots__ = ()


@dataclass(frozen=True)
class Commented:
    """A word with a comment behind it, such as an action by its commit, and its version."""

    word: str
    comment: str


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_/.@-]*")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"}
"""What YAML 1.1 or 1.2 takes for something else than text."""


def dump(document: Mapping[str, Any] | Sequence[Any]) -> str:
    """Return *document* as YAML; its values are mappings, sequences, texts, numbers and flags."""
    lines = _mapping(document) if isinstance(document, Mapping) else _sequence(document)
    return "\n".join(lines) + "\n"


def quote(text: str) -> str:
    """Return *text* as a scalar that every YAML reader reads as this text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if " " <= character <= "~":
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


def _mapping(values: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in values.items():
        # GitHub's reader takes `on` for a text, and so it is written everywhere.
        name = key if key == "on" else quote(key)
        lines += _under(f"{name}:", value)
    return lines


def _under(head: str, value: Any) -> list[str]:
    """Return the lines of *value* behind *head*, a key or a dash."""
    if isinstance(value, Script):
        return [f"{head} |", *_indented(value.rstrip("\n").split("\n"))]
    if isinstance(value, Mapping) and value:
        lines = _indented(_mapping(value))
        return [f"- {lines[0].strip()}", *lines[1:]] if head == "-" else [head, *lines]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return [head, *_indented(_sequence(value))]
    return [f"{head} {_scalar(value)}"]


def _sequence(values: Sequence[Any]) -> list[str]:
    return [line for each in values for line in _under("-", each)]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" if line else line for line in lines]


def _scalar(value: Any) -> str:
    if isinstance(value, Commented):
        return f"{quote(value.word)} # {value.comment}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quote(value)
    return "{}" if isinstance(value, Mapping) else "[]"
