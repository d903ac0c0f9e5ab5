"""The files of an image by path; links are followed as a kernel follows them inside it."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hatch_multiarch.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Kind = Literal["file", "folder", "link", "other"]

LINKS = 40
"""Most links on the way to a file (Linux, path_resolution(7))."""
TARGET = 4095
"""Most characters of a link's target (Linux, symlink(2): PATH_MAX)."""
DEPTH = 256
"""Most folders inside each other, wherever links lead."""
STEPS = 1024
"""Most names on the way to a file, those in the targets of links among them."""


@dataclass(frozen=True)
class Seen:
    """What was read in a file that tells of the base: its Python, or a C library."""

    machine: str
    """What it is for, as an ELF header has it, in hex: ``EI_CLASS``, ``EI_DATA``, ``e_machine``."""
    libc: Literal["static", "glibc", "musl", "none"] = "none"
    """What it is, or what it needs."""
    version: tuple[int, int] | None = None
    """Of the C library that it is."""
    architecture: str = ""
    """Of a program, as OCI names it."""
    interpreter: str | None = None
    """The loader of a program (PT_INTERP)."""
    problem: str = ""
    """Why it is no program that can be read."""


@dataclass(slots=True)
class Node:
    """A file, a folder, a symbolic link or something else, such as a device."""

    kind: Kind
    layer: int
    """Number of the layer that it comes from."""
    mode: int = 0o755
    owner: tuple[int, int] = (0, 0)
    """UID and GID."""
    target: str = ""
    """Of a link."""
    content: tuple[int, int] | None = None
    """Where a file's content is: the number of a layer, and of the entry in it."""
    kept: Path | None = None
    """Where a copy of its content is, if that was asked for and is still there."""
    seen: Seen | None = None
    """What is in it, if somebody has looked."""
    children: dict[str, Node] = field(default_factory=dict)


class Filesystem:
    """The files of an image; paths have no leading slash."""

    def __init__(self) -> None:
        self._root = Node("folder", -1)
        self.count = 0
        """Of all that was ever added."""

    @classmethod
    def load(cls, rows: Any) -> Filesystem:
        """Return the files that ``dump`` has made *rows* of."""
        tree = cls()
        tree.count = rows["count"]
        above = [tree._root]
        for depth, name, kind, layer, mode, uid, gid, target, seen in rows["files"]:
            node = Node(kind, layer, mode, (uid, gid), target)
            if seen is not None:
                version = seen["version"] and tuple(seen["version"])
                node.seen = Seen(**{**seen, "version": version})
            del above[depth + 1 :]
            above[depth].children[name] = node
            above.append(node)
        return tree

    def dump(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it, but for the content that is kept.

        A row for each file, behind its folder's: what nests is not left to a parser of JSON.
        """
        rows: list[list[Any]] = []
        todo = [(0, name, node) for name, node in reversed(self._root.children.items())]
        while todo:
            depth, name, node = todo.pop()
            seen = asdict(node.seen) if node.seen else None
            row = [depth, name, node.kind, node.layer, node.mode, *node.owner, node.target, seen]
            rows.append(row)
            todo += [(depth + 1, *each) for each in reversed(node.children.items())]
        return {"count": self.count, "files": rows}

    def find(self, path: str, *, follow: bool = True) -> Node | None:
        """Return what is at *path*; *follow* a link at its end, too."""
        found = self.real(path, follow=follow)
        return None if found is None else self._at(found)

    def real(self, path: str, *, follow: bool = True) -> str | None:
        """Return *path* without links.

        None when nothing is there, the links go round or the way is too long.
        """
        done: list[str] = []
        node, links = self._root, 0
        todo = deque(_split(path))
        for _ in range(STEPS):
            if not todo:
                return "/".join(done)
            name = todo.popleft()
            if name == "..":
                done = done[:-1]
                node = self._at("/".join(done)) or self._root
                continue
            child = node.children.get(name)
            if child is None:
                return None
            if child.kind == "link" and (todo or follow):
                links += 1
                if links > LINKS:
                    return None
                todo.extendleft(reversed(_split(child.target)))
                if child.target.startswith("/"):
                    done, node = [], self._root
                continue
            done.append(name)
            node = child
        return None

    def way(self, path: str) -> Iterator[str]:
        """Yield *path*, the target of the link that is there, and so on, up to what is no link.

        The folders on the way are without links.
        """
        for _ in range(LINKS):
            here = self.real(path, follow=False)
            node = None if here is None else self._at(here)
            if here is None or node is None:
                return
            yield here
            if node.kind != "link":
                return
            above = "" if node.target.startswith("/") else here.rpartition("/")[0]
            path = f"{above}/{node.target}"

    def place(self, path: str) -> str:
        """Return *path* as it must be written so that it lands where a kernel would put it.

        Its folders may be links; those that are missing are taken as they are.
        """
        folder, _, name = path.rpartition("/")
        missing: list[str] = []
        while folder and (found := self.real(folder)) is None:
            folder, _, last = folder.rpartition("/")
            missing.insert(0, last)
        return "/".join(filter(None, [found if folder else "", *missing, name]))

    def paths(self) -> Iterator[tuple[str, Node]]:
        """Yield every path with what is there."""
        stack = [("", self._root)]
        while stack:
            path, node = stack.pop()
            for name, child in node.children.items():
                stack.append((f"{path}{name}/", child))
                yield f"{path}{name}", child

    def add(self, parts: Sequence[str], node: Node) -> None:
        """Put *node* at the path of *parts*; folders that are missing on the way are made.

        Raises ImageError when that is too deep.
        """
        path = "/".join(parts)
        placed = _split(self.place(path)) if len(parts) <= DEPTH else parts
        if len(placed) > DEPTH:
            raise ImageError(f"{path[:80]!r}: more than {DEPTH} nested folders")
        self.count += 1
        parent = self._root
        *folders, name = placed
        for each in folders:
            child = parent.children.get(each)
            if child is None or child.kind != "folder":
                child = parent.children[each] = Node("folder", node.layer)
            parent = child
        before = parent.children.get(name)
        if before is not None and before.kind == node.kind == "folder":
            node.children = before.children
        parent.children[name] = node

    def remove(self, parts: Sequence[str], layer: int) -> None:
        """Remove what the layers below *layer* have at the path of *parts*."""
        *folders, name = parts
        parent = self.find("/".join(folders))
        if parent is not None and name in parent.children and _prune(parent.children[name], layer):
            del parent.children[name]

    def empty(self, parts: Sequence[str], layer: int) -> None:
        """Remove what the layers below *layer* have in the folder of *parts*."""
        parent = self.find("/".join(parts))
        if parent is not None:
            _prune(parent, layer)

    def _at(self, path: str) -> Node | None:
        node: Node | None = self._root
        for part in _split(path):
            node = node.children.get(part) if node is not None else None
        return node


def _prune(node: Node, layer: int) -> bool:
    """Remove below *node* what is of lower layers; tell whether nothing of *layer* is left."""
    below = [node]
    for each in below:  # folders before what is in them
        below += each.children.values()
    for each in reversed(below):
        gone = [name for name, child in each.children.items() if _is_lower(child, layer)]
        for name in gone:
            del each.children[name]
    return _is_lower(node, layer)


def _is_lower(node: Node, layer: int) -> bool:
    return node.layer < layer and not node.children


def _split(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
