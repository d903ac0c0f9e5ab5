"""Quotes arguments for the variables and flags of the go command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def quote(words: Iterable[str]) -> str:
    """Join *words* so that Go splits them into the same (cmd/internal/quoted: no escapes).

    Raises ValueError for a word with both kinds of quotes, which Go cannot be given.
    """
    return " ".join(_quote(word) for word in words)


def _quote(word: str) -> str:
    if word and not any(char in word for char in " \t\r\n'\""):
        return word
    if "'" not in word:
        return f"'{word}'"
    if '"' not in word:
        return f'"{word}"'
    raise ValueError(f"Go takes single or double quotes in a word, not both: {word!r}")
