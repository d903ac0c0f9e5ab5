"""Reads which license a file holds, by words that only that license has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FILES = re.compile(r"(licen[cs]e|copying|unlicense)(\.(md|txt|rst))?", re.IGNORECASE)

_USE = r"permission to use, copy, modify, and(/or)? distribute this software .*is hereby granted"
_BSD = "redistribution and use in source and binary forms"
_TEXTS = {
    "Apache-2.0": r"apache license version 2\.0, january 2004",
    "MPL-2.0": r"mozilla public license version 2\.0",
    "MIT": r"permission is hereby granted, free of charge, .* shall be included in all copies",
    "ISC": rf"{_USE}, provided that the above",
    "0BSD": rf"{_USE}\. the software is provided",
    "Unlicense": r"this is free and unencumbered software released into the public domain",
    "BSD-4-Clause": rf"{_BSD}.*all advertising materials",
    "BSD-3-Clause": rf"{_BSD}.*endorse or promote products derived",
    "BSD-2-Clause": _BSD,
}
"""SPDX name -> what only that license says, in lower case; the first that fits counts.

The GPL is not among them: whether a later version may be used is said elsewhere.
"""


def read_license(root: Path) -> str:
    """Return the SPDX name of the license in *root*; empty for none, several and others."""
    files = [each for each in root.iterdir() if each.is_file() and _FILES.fullmatch(each.name)]
    names = {_name(each) for each in files}
    return names.pop() if len(names) == 1 else ""


def _name(file: Path) -> str:
    text = re.sub(r"\s+", " ", file.read_text("utf-8", "replace")).lower()
    return next((name for name, words in _TEXTS.items() if re.search(words, text)), "")
