"""The packages that a helper is made of, and which of them do not work without cgo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.engine.environment import target
from hatch_multiarch.engine.flags import Compiler
from hatch_multiarch.engine.go_command import list_packages
from hatch_multiarch.engine.go_source import needs_cgo, read_file, read_package

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hatch_multiarch.plan import Unit
    from hatch_multiarch.toolchain import Go


FIELDS = ("GoFiles", "IgnoredGoFiles")
"""The fields of ``go list`` that are read here (``go help list``)."""

_IMPORTED = (b'"C"', b"`C`")
_CONSTRAINED = re.compile(rb"build[^\n]*cgo")
_DYNAMIC = re.compile(rb'^//go:cgo_import_dynamic \S+ \S+ "', re.MULTILINE)
"""What cmd/link makes a needed library of."""


@dataclass(frozen=True)
class GoPackage:
    """One package that is compiled into a helper, and none of Go's own."""

    path: str
    """Its import path."""
    folder: Path
    files: tuple[Path, ...] = ()
    """The Go files that are compiled."""
    ignored: tuple[Path, ...] | None = None
    """Those that a constraint leaves out; None where that is not known."""

    @property
    def name(self) -> str:
        """The package that people know it by: an internal one is part of that."""
        return self.path.partition("/internal/")[0]

    def loses_files(self, system: str, tags: Sequence[str]) -> bool:
        """Tell whether a file is compiled only with cgo on *system*, with the build *tags* set.

        Few files import C, or name cgo in their constraint; only those are parsed.
        """
        left = self.ignored
        if left is None:
            left = tuple(self.folder.glob("*.go"))
        for path in left:
            text = _bytes(path)
            if any(word in text for word in _IMPORTED) or _CONSTRAINED.search(text):
                file = read_file(path, tags)
                if file is not None and system in file.systems - file.without:
                    return True
        return False


@dataclass(frozen=True)
class Listed:
    """The packages of a helper."""

    packages: tuple[GoPackage, ...]
    unseen: tuple[str, ...] = ()
    """Import paths of those whose module is not there."""
    tags: tuple[str, ...] = ()
    """The build tags that were set."""

    def needs_cgo(self, system: str) -> str:
        """Return the name of a package that does not work without cgo; empty for none."""
        for each in self.packages:
            if each.loses_files(system, self.tags) and needs_cgo(
                read_package(each.folder, self.tags), system
            ):
                return each.name
        return ""

    def links_at_run_time(self, system: str) -> str:
        """Return the name of a package that has a pure Go program load C libraries, or "".

        That is what github.com/ebitengine/purego does; the program is dynamic then.
        """
        for each in self.packages:
            for path in each.files or sorted(each.folder.glob("*.go")):
                if _DYNAMIC.search(_bytes(path)):
                    file = read_file(path, self.tags)
                    if file is not None and system in file.without:
                        return each.name
        return ""


def list_without_cgo(
    go: Go,
    env: Mapping[str, str],
    source: Path,
    package: str,
    tags: Sequence[str] = (),
    fetching: Callable[[str], object] | None = None,
) -> Listed:
    """Return the packages of *package*, inside the module *source*, dependencies first.

    *env* is what it is compiled in, with GOOS and GOARCH. Modules that Go's cache lacks are fetched
    only with *fetching*, which gets each line that Go says. Raises CompileError where Go cannot
    read the module.
    """
    found = list_packages(
        go,
        source,
        package,
        {**env, "GOENV": "off", "GO111MODULE": "on", "CGO_ENABLED": "0"},
        tags=f"-tags={','.join(tags)}",
        fields=FIELDS,
        fetching=fetching,
    )
    return listed(found, tags)


def listed(packages: Sequence[Mapping[str, Any]], tags: Sequence[str]) -> Listed:
    """Return the same, from what ``go list`` said of *packages*, with FIELDS."""
    return Listed(
        tuple(_package(each) for each in packages if each.get("Dir")),
        tuple(each["ImportPath"] for each in packages if not each.get("Dir")),
        tuple(tags),
    )


def list_unit(go: Go, env: Mapping[str, str], unit: Unit) -> Listed:
    """Return the packages of *unit*, which Go compiles alone. Raises CompileError."""
    env = {**env, **target(unit, Compiler("none"))}
    return list_without_cgo(go, env, unit.source, unit.helper.package, unit.helper.tags)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _package(told: Mapping[str, Any]) -> GoPackage:
    folder = Path(told["Dir"])
    ignored = [name for name in told.get("IgnoredGoFiles") or () if not name.endswith("_test.go")]
    return GoPackage(
        path=told["ImportPath"],
        folder=folder,
        files=tuple(folder / name for name in told.get("GoFiles") or ()),
        ignored=tuple(folder / name for name in ignored),
    )
