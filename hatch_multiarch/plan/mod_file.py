"""Reads go.mod and go.work files, and finds the go.work that a helper is compiled with.

Go Modules Reference, "go.mod files" and "Workspaces".
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.config import Helper

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|//.*|[()]|=>|[^\s()"`]+')
_LOCAL = re.compile(r"\.{1,2}(?:[\\/]|$)|[\\/]|[A-Za-z]:[\\/]")
"""How a path begins that stands for a folder, and not for a module."""

NAME = "go.work"


@dataclass(frozen=True)
class ModFile:
    """A go.mod or go.work, as far as a build needs it."""

    path: Path
    module: str
    """The path of the module; empty where none is named."""
    requires: tuple[str, ...]
    """The paths of the modules that it requires."""
    fetched: tuple[tuple[str, str, str], ...]
    """Those with the path and version of the module that is fetched, which may be another."""
    replaces: tuple[tuple[str, str], ...]
    """A module's path and the folder, as written, that stands in for it."""
    uses: tuple[str, ...]
    """The folders of a workspace's modules, as written."""

    @classmethod
    def read(cls, path: Path) -> ModFile:
        """Read *path*; what is no directive of Go's is passed over, since Go reports it better.

        Raises OSError.
        """
        modules, requires, replaces, uses = [], [], [], []
        fetched: dict[str, tuple[str, str]] = {}
        for verb, words in _directives(path.read_text("utf-8", errors="replace")):
            if verb == "module":
                modules += words[:1]
            elif verb == "require":
                requires += words[:1]
                if words[1:]:
                    fetched.setdefault(words[0], (words[0], words[1]))
            elif verb == "use":
                uses += words[:1]
            elif verb == "replace" and "=>" in words[:-1]:
                new = words[words.index("=>") + 1]
                if _LOCAL.match(new):
                    replaces.append((words[0], new))
                else:
                    fetched[words[0]] = (new, words[-1])
        module = modules[0] if modules else ""
        found = tuple((name, *each) for name, each in fetched.items())
        return cls(path, module, tuple(requires), found, tuple(replaces), tuple(uses))

    def folder(self, written: str) -> Path:
        """Return the folder that is *written* in the file."""
        return Path(os.path.normpath(self.path.parent / written))

    @property
    def used(self) -> tuple[Path, ...]:
        """The folders of a workspace's modules."""
        return tuple(self.folder(each) for each in self.uses)


def sums(work: Path) -> Path:
    """Return where the checksums of a go.work are."""
    return work.with_name(f"{work.name}.sum")


def _word(token: str) -> str:
    """Return what *token* says: Go's strings with escapes are near enough to JSON's."""
    if token.startswith('"'):
        with suppress(ValueError):
            return str(json.loads(token))
    return token.strip('"`')


def _directives(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the verb and the words of each directive, those in a block one by one."""
    block = ""
    for line in text.splitlines():
        words = [_word(word) for word in _TOKEN.findall(line) if not word.startswith("//")]
        if not words:
            continue
        if block:
            if words[0] == ")":
                block = ""
            else:
                yield block, words
        elif words[1:2] == ["("]:
            block = words[0]
            if words[2:] and words[2] == ")":
                block = ""
        else:
            yield words[0], words[1:]


def find_workspace(
    root: Path, helper: Helper, environment: str, problems: list[str], notes: list[str]
) -> Path | None:
    """Return the go.work that *helper*, of the project in *root*, is compiled with.

    *environment* is GOWORK, which goes before the config. By itself a build takes one of the
    project's only, and only where all that it uses can be in the sdist. What the config has wrong
    is added to *problems*.
    """
    source = root / helper.source
    key = f"tool.multiarch.helpers.{helper.name}.workspace"
    if environment == "auto":
        return next(_above(source), None)
    if environment:
        return None if environment == "off" else Path(environment)
    if helper.workspace == "off":
        return None
    if helper.workspace != "auto":
        named = root / helper.workspace
        if not named.is_file():
            problems.append(f"{key}: there is no file {helper.workspace}")
        elif not _lists(named, source):
            says = f"{helper.workspace} does not use {helper.source}"
            problems.append(f"{key}: {says}; add it with `go work use`")
        return named
    # In a workspace Go passes over a module's own vendor folder.
    path = None if _has_vendor(source) else workspace_above(source, root)
    outside = _outside(path, root) if path else ""
    if path and outside:
        file = path.relative_to(root).as_posix()
        notes.append(
            f"{helper.name}: {file} is not used, because {outside} in it is outside the project; "
            f'to use it set {key} = "{file}"'
        )
        return None
    return path


def workspace_above(source: Path, root: Path | None = None) -> Path | None:
    """Return the nearest go.work, from *source* up to *root*, that uses the module in *source*."""
    return next((path for path in _above(source, root) if _lists(path, source)), None)


def _lists(work: Path, source: Path) -> bool:
    """Tell whether the workspace *work* uses the module in the folder *source*."""
    try:
        used = ModFile.read(work).used
    except OSError:
        return False
    return source.resolve() in [each.resolve() for each in used]


def _has_vendor(source: Path) -> bool:
    """Tell whether `go mod vendor` has been run in *source*; `go work vendor` makes another one."""
    try:
        text = (source / "vendor/modules.txt").read_text("utf-8", errors="replace")
    except OSError:
        return False
    return not text.startswith("## workspace")


def _outside(work: Path, root: Path) -> str:
    """Return the first folder that *work* uses and that is not in *root*; empty if all are."""
    for written in ModFile.read(work).uses:
        if not (work.parent / written).resolve().is_relative_to(root.resolve()):
            return written
    return ""


def _above(source: Path, root: Path | None = None) -> Iterator[Path]:
    """Yield each go.work at or above *source*, the nearest first, up to *root*."""
    for folder in (source, *source.parents):
        if (folder / NAME).is_file():
            yield folder / NAME
        if folder == root:
            return
