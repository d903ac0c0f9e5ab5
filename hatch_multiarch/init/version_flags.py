"""Finds the variable of a Go program that the linker gives the version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_multiarch.engine.go_source import GoFile

_NAMED = r"(version|Version)[ \t]*(?:string\b[ \t]*)?(?:=[ \t]*(?:\"[^\"\n]*\"|`[^`\n]*`))?[ \t]*$"
_SINGLE = re.compile(rf"^var[ \t]+{_NAMED}", re.MULTILINE)
_GROUP = re.compile(r"^var[ \t]*\((.*?)^\)", re.MULTILINE | re.DOTALL)
_GROUPED = re.compile(rf"^[ \t]+{_NAMED}", re.MULTILINE)
_GORELEASER = (".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml")
_FLAG = re.compile(r"-X[ =]+['\"]?([\w./-]+)=(v?)\{\{-?\s*\.(Version|Tag)\s*-?\}\}")
"""A linker flag in the config of GoReleaser, whose Version has no ``v`` and whose Tag has what the
tag has."""


def version_flags(root: Path, package: Iterable[GoFile]) -> tuple[str, ...]:
    """Return the linker flags that give a program the version; none where nothing asks for it.

    *package* is its main package. GoReleaser's config in *root* knows better, where there is one.
    """
    for name in _GORELEASER:
        file = root / name
        if file.is_file():
            found = _FLAG.findall(file.read_text("utf-8", "replace"))
            flags = {path: f"-X {path}={_filled(v, field)}" for path, v, field in found}
            if flags:
                return tuple(flags.values())
    for each in package:
        for text in (each.text, *_GROUP.findall(each.text)):
            if variable := (_SINGLE if text is each.text else _GROUPED).search(text):
                return (f"-X main.{variable[1]}={{version}}",)
    return ()


def _filled(prefix: str, field: str) -> str:
    return f"{prefix or ('v' if field == 'Tag' else '')}{{version}}"
