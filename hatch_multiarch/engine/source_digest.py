"""What in a project's files decides of which packages and files a helper is made.

That is the names of the files, and what a Go file says above its first declaration: its constraint
and its imports. Where nothing of that has changed, ``go list`` gives the answer of before.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch import files
from hatch_multiarch.engine.go_inputs import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DECLARATION = re.compile(rb"^(?:func|type|var|const)\b", re.MULTILINE)
_IMPORT = re.compile(rb"\bimport\s*(?:[\w.]+\s*)?[(\"`/]|go:embed")
_PLAIN = "GoFiles"
"""The only files of a package whose names and heads say all (``go help list``)."""


def deciding_folders(packages: Iterable[Mapping[str, Any]]) -> list[str] | None:
    """Return the folders of the *packages*, which are in the project, that ``go list`` told of.

    None where more than names and heads decides: C files, whose includes are followed, and what is
    embedded.
    """
    folders = []
    for each in packages:
        if any(each.get(field) for field in FIELDS if field != _PLAIN):
            return None
        folders.append(each["Dir"])
    return folders


class SourceDigests:
    """The digests of folders and files, each read once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, folders: Iterable[str], others: Iterable[str]) -> str:
        """Return a digest of what decides in Go's *folders*, and of all in *others* (hex).

        Raises OSError.
        """
        digest = hashlib.sha256()
        for paths, read in ((folders, _folder), (others, files.sha256)):
            for path in paths:
                if path not in self._known:
                    self._known[path] = read(Path(path))
                digest.update(f"{path}\0{self._known[path]}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


def head(text: bytes) -> bytes:
    """Return what stands above the first declaration of a Go file, or all of it.

    All counts where an import follows: what looked like a declaration is in a comment then.
    """
    found = _DECLARATION.search(text)
    if found is None or _IMPORT.search(text, found.start()):
        return text
    return text[: found.start()]


def _folder(path: Path) -> str:
    with os.scandir(path) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    digest = hashlib.sha256()
    for each in found:
        digest.update(f"{each.name}\0".encode("utf-8", "surrogateescape"))
        if each.name.endswith(".go") and not each.name.endswith("_test.go") and each.is_file():
            digest.update(hashlib.sha256(head(Path(each).read_bytes())).digest())
    return digest.hexdigest()
