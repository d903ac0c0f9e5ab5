"""Finds the variables of a Go program that the linker gives version, commit and date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan.commit import read_commit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_multiarch.engine.go_source import GoFile

_NAMED = r"(?:string\b[ \t]*)?(?:=[ \t]*(?:\"[^\"\n]*\"|`[^`\n]*`))?[ \t]*$"
_SINGLE = re.compile(rf"^var[ \t]+(\w+)[ \t]*{_NAMED}", re.MULTILINE)
_GROUP = re.compile(r"^var[ \t]*\((.*?)^\)", re.MULTILINE | re.DOTALL)
_GROUPED = re.compile(rf"^[ \t]+(\w+)[ \t]*{_NAMED}", re.MULTILINE)
_GORELEASER = (".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml")
_FIELDS = {
    "Version": "{version}",
    "Tag": "v{version}",
    **dict.fromkeys(("Commit", "FullCommit", "ShortCommit"), "{commit}"),
    **dict.fromkeys(("Date", "CommitDate"), "{date}"),
}
"""Fields of GoReleaser's templates; its Version has no ``v`` and its Tag has what the tag has. Its
Date is the clock's, which would give other bytes each time."""
_FLAG = re.compile(rf"-X[ =]+['\"]?([\w./-]+)=(v?)\{{\{{-?\s*\.({'|'.join(_FIELDS)})\s*-?\}}\}}")
"""A linker flag in the config of GoReleaser."""


def version_flags(root: Path, package: Iterable[GoFile], *, own: bool = True) -> tuple[str, ...]:
    """Return the linker flags that give a program its version, its commit and the commit's date.

    None where nothing asks for the version. *package* is its main package. GoReleaser's config in
    *root* knows better, where there is one. The commit is left out where git knows none, and where
    the program is not the project's *own*.
    """
    flags = _flags(root, list(package))
    plain = [flag for flag in flags if not stamped(flag)]
    return tuple(flags if own and flags != plain and _in_git(root) else plain)


def stamped(flag: str) -> bool:
    """Tell whether a linker flag names the commit or its date."""
    return flag.endswith(("{commit}", "{date}"))


def _in_git(root: Path) -> bool:
    try:
        return bool(read_commit(root, ()))
    except PlanError:
        return False


def _flags(root: Path, package: list[GoFile]) -> list[str]:
    for name in _GORELEASER:
        file = root / name
        if file.is_file():
            found = _FLAG.findall(file.read_text("utf-8", "replace"))
            flags = {path: f"-X {path}={_filled(v, field)}" for path, v, field in found}
            if any("{version}" in flag for flag in flags.values()):
                return list(flags.values())
    variables = {name for each in package for name in _variables(each.text)}
    flags = {}
    # What GoReleaser sets where its config says nothing (its documentation, "Go builds", ldflags).
    for key in ("version", "commit", "date"):
        if found := sorted(variables & {key, key.capitalize()}, reverse=True):
            flags[key] = f"-X main.{found[0]}={{{key}}}"
    return list(flags.values()) if "version" in flags else []


def _variables(text: str) -> Iterable[str]:
    """Return the variables of package level in a Go file that are strings, or may be."""
    yield from _SINGLE.findall(text)
    for group in _GROUP.findall(text):
        yield from _GROUPED.findall(group)


def _filled(prefix: str, field: str) -> str:
    return (prefix if field != "Tag" else "") + _FIELDS[field]
