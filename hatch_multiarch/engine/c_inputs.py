"""The files that a cgo package's C code reads and ``go list`` does not name.

Headers in other folders than the package's own, and libraries that are linked by their path.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FLAGS = ("CgoCFLAGS", "CgoCPPFLAGS", "CgoCXXFLAGS", "CgoLDFLAGS")
"""The fields of ``go list`` with a package's flags; Go has filled in ``${SRCDIR}``."""

_INCLUDE = re.compile(r'^[ \t/]*#[ \t]*include[ \t]*([<"])([^>"\n]+)', re.MULTILINE)
_ENDS = (".a", ".so", ".dylib", ".lib", ".dll.a")
"""How the file of a library ends."""


def c_inputs(folder: Path, names: Iterable[str], package: Mapping[str, Any]) -> Iterator[Path]:
    """Yield what the files *names* in *folder* include, directly or not, and what is linked.

    *package* has FLAGS. Only folders that the source or a flag names by path are looked into: the
    compiler's own are none of the project's.
    """
    words = [word for field in FLAGS for word in package.get(field) or ()]
    includes = [Path(folder, each) for each in _values(words, ("-I", "-iquote", "-isystem"))]
    seen: set[Path] = set()
    left = [folder / name for name in names]
    while left:
        path = left.pop()
        for quote, name in _INCLUDE.findall(_text(path)):
            own = (path.parent, folder) if quote == '"' else ()
            found = next(
                (p for p in (Path(d, name) for d in (*own, *includes)) if p.is_file()), None
            )
            if found is not None and (found := Path(os.path.normpath(found))) not in seen:
                seen.add(found)
                left.append(found)
    yield from seen
    yield from _libraries(folder, words)


def _libraries(folder: Path, words: list[str]) -> Iterator[Path]:
    for word in words:
        if word.endswith(_ENDS) and (folder / word).is_file():
            yield folder / word
    for place in _values(words, ("-L",)):
        for name in _values(words, ("-l",)):
            for end in _ENDS:
                path = folder / place / f"lib{name}{end}"
                if path.is_file():
                    yield path


def _values(words: list[str], flags: tuple[str, ...]) -> Iterator[str]:
    """Yield the values of *flags*: the rest of the word, or the next one."""
    for word, after in zip(words, [*words[1:], ""], strict=False):
        for flag in flags:
            if word == flag:
                yield after
            elif word.startswith(flag):
                yield word.removeprefix(flag)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
