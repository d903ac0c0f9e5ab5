"""Items of layers: files and links, each with its content on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - dataclasses look at it
from typing import TYPE_CHECKING

from hatch_multiarch.files import sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_multiarch.plan import Unit

FOLDER = "usr/local/bin"
"""Where programs are in an image without the package."""
LIBRARIES = "usr/local/lib"
"""Where libraries are."""


@dataclass(frozen=True)
class Item:
    """A regular file or a symbolic link, owned by 0:0."""

    path: str
    """In the image, without a leading slash."""
    sha256: str = ""
    """Of its content, hex; empty for a link."""
    mode: int = 0o644
    source: Path | None = None
    """The file with its content; None for a link."""
    target: str = ""
    """Of a link."""

    @property
    def same(self) -> tuple[str, str, int, str]:
        """Return what makes two of them the same in a layer."""
        return (self.path, self.sha256, self.mode, self.target)


@dataclass(frozen=True)
class Part:
    """The items of one layer."""

    items: tuple[Item, ...]
    folders: tuple[str, ...] = ()
    """Folders that the layer has even if nothing is in them, before its items; no leading slash."""
    lasting: bool = False
    """Likely to be the same in the next build, so that the layer is worth keeping."""
    unpack: Callable[[], None] | None = None
    """Puts the sources of the items where they are said to be, if they are not there yet."""


def helper_path(unit: Unit) -> str:
    """Return where the helper of *unit* is in an image without the package.

    ``usr/local/bin/greet`` or ``usr/local/lib/libtone.so``, without a leading slash.
    """
    if unit.helper.library:
        return f"{LIBRARIES}/{unit.output.name}"
    return f"{FOLDER}/{unit.helper.stem}"


def parents(path: str) -> list[str]:
    """Return the folders above *path*, outermost first, without the root.

    ``a/b/`` is above itself.
    """
    parts = [part for part in path.split("/")[:-1] if part]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def file_item(path: str, source: Path, *, executable: bool = False) -> Item:
    """Return *source* as the file *path* of the image; reads it once."""
    return Item(path, sha256(source), 0o755 if executable else 0o644, source)
