"""Advice for common compiler errors."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.engine.glibc_advice import glibc_advice
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan.commit import is_sdist
from hatch_multiarch.plan.mod_file import ModFile, workspace_above

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hatch_multiarch.plan import Unit

_KNOWN: tuple[tuple[str, str], ...] = (
    (
        r"missing go\.sum entry|updates to go\.(mod|sum) needed|go: updating go\.mod",
        "run `go mod tidy` in {source} and commit go.mod and go.sum",
    ),
    (
        r"inconsistent vendoring",
        "run `go mod vendor` in {source} and commit the vendor folder",
    ),
    (
        r"source files not allowed when not using cgo",
        'no Go file of the package says `import "C"`: add it, or move the C files elsewhere',
    ),
    (
        r"no required module provides package|import lookup disabled by -mod|is not in std",
        "run `go get` for it in {source}",
    ),
    (
        r"pattern .*: no matching files found",
        "`//go:embed` refers to files that don't exist: generate them before the build",
    ),
    (
        r"requires go >= |module requires Go|invalid go version|unknown directive: toolchain",
        (
            "allow a newer Go with tool.multiarch.toolchain.go, or set GOTOOLCHAIN=auto to let Go "
            "download the one that the module requires"
        ),
    ),
    (
        (
            r"module lookup disabled by GOPROXY=off|cannot find module providing package"
            r"|dial tcp|no such host|i/o timeout|connection refused"
        ),
        (
            "Go downloads modules from GOPROXY; without a network, commit a vendor folder (`go "
            "mod vendor`) or fill the module cache first (`go mod download`)"
        ),
    ),
    (
        r"server response: [^\n]*not (available|found)|: 4(00 Bad Request|04 Not Found|10 Gone)",
        (
            "GOPROXY does not serve that module or version: check both in {source}/go.mod; a "
            "private module needs GOPRIVATE"
        ),
    ),
    (
        (
            r"terminal prompts disabled|could not read Username|Permission denied \(publickey\)"
            r"|: 40[13] (Unauthorized|Forbidden)"
        ),
        (
            "set GOPRIVATE and give Go access to the repository or proxy (GOAUTH, .netrc or a "
            "credential helper of Git)"
        ),
    ),
    (
        r"unable to find framework '(?P<name>\w+)'|fatal error: '(?P<header>[A-Z]\w+/\w+\.h)'",
        (
            "only Apple's SDK has {name}: set SDKROOT to the folder of one, compile on a Mac, or "
            "leave {platform} out by {key}.platforms"
        ),
    ),
    (
        r"cannot find -l|unable to find \w+ (system )?library|library not found for -l",
        (
            "the C library must be available for {platform}: ship its sources with the "
            "helper, or give "
            "{key}.compiler as a command with its sysroot"
        ),
    ),
    (
        r"undefined (reference|symbol)|Undefined symbols",
        (
            "a library or C file is missing from the linker command: add it with `#cgo "
            "LDFLAGS:` (such "
            "as -lm), and check that the floor of {key}.libc has the symbol"
        ),
    ),
    (
        r"fatal error: '?[\w/.+-]+\.h'?",
        (
            "the header must be available for {platform}: ship it with the helper, or give "
            "{key}.compiler as a command with its sysroot"
        ),
    ),
    (
        r"requires exactly one main package",
        "its Go files must be in `package main`; {key}.package is its folder",
    ),
    (
        r"no Go files in|directory not found|cannot find package|no such file or directory",
        "check {key}.source and {key}.package: it is the main package, as `go build` names it",
    ),
)

_LACKS = (
    r"no matching files found|is not in std|no required module provides|undefined: "
    r"|no such file or directory|does not exist|cannot find module|no Go files in"
)
"""What Go says where a file is missing."""
_UNWRITABLE = {
    "no space left on device": errno.ENOSPC,
    "nospaceleft": errno.ENOSPC,  # zig's words
    "disk quota exceeded": errno.EDQUOT,
    "diskquota": errno.EDQUOT,
    "read-only file system": errno.EROFS,
    "readonlyfilesystem": errno.EROFS,
    "permission denied": errno.EACCES,
}
_HIDDEN = "cannot find package"
"""What Go also says when it cannot write to its cache which packages there are."""
_LITTLE = 1 << 20
"""Bytes: Go needs more."""
_PATH = re.compile(r"(?:[A-Za-z]:)?[/\\][^\s:'\"]*")

_WITHOUT_C = r"build constraints exclude all Go files|undefined: "


def advice(unit: Unit, output: str, needs_cgo: Callable[[Unit], str] = lambda _: "") -> str:
    """Return what to do about the compiler's *output*; empty when it is not a known case.

    *needs_cgo* returns the name of a package in a unit that does not work without cgo, if any.
    """
    if not unit.helper.cgo and re.search(_WITHOUT_C, output):
        package = needs_cgo(unit)
        if package or _says_c(unit.source):
            whose = f", which {package} needs" if package else ""
            return (
                f'Go leaves out files with `import "C"` unless the helper uses cgo{whose}: set '
                f"tool.multiarch.helpers.{unit.helper.name}.cgo = true"
            )
    workspace = _workspace(unit, output)
    if workspace:
        return workspace
    if re.search(_LACKS, output) and is_sdist(_root(unit)):
        return (
            "files may be missing from this sdist: run `hatch-multiarch check` in the project that "
            "it was built from"
        )
    if glibc := glibc_advice(unit, output):
        return glibc
    for pattern, text in _KNOWN:
        found = re.search(pattern, output)
        if found and ("{name}" not in text or unit.platform.os == "darwin"):
            named = found.groupdict()
            return text.format(
                key=f"tool.multiarch.helpers.{unit.helper.name}",
                source=unit.helper.source,
                platform=unit.platform.name,
                name=f"the framework {named['name']}" if named.get("name") else named.get("header"),
            )
    return ""


def _workspace(unit: Unit, output: str) -> str:
    """Return what to do where *output* is about a module of a go.work that is not used."""
    work = None if unit.workspace else workspace_above(unit.source)
    if work is None:
        return ""
    for folder in ModFile.read(work).used:
        try:
            module = ModFile.read(folder / "go.mod").module
        except OSError:
            continue
        if folder != unit.source and module and module in output:
            inside = work.is_relative_to(_root(unit))
            file = work.relative_to(_root(unit)).as_posix() if inside else ""
            key = f"tool.multiarch.helpers.{unit.helper.name}.workspace"
            remedy = f'set {key} = "{file}"' if inside else "set GOWORK=auto"
            place = Path(os.path.relpath(folder, unit.source)).as_posix()
            return (
                f"{work}, which has {module}, is not used: {remedy}, or run `go mod edit "
                f"-replace={module}={place}` and `go mod tidy` in {unit.helper.source}"
            )
    return ""


def _root(unit: Unit) -> Path:
    """Return the project's folder."""
    above = len(PurePosixPath(unit.helper.source).parts)
    return unit.source.parents[above - 1] if above else unit.source


def unwritable(output: str, folders: Sequence[Path]) -> PlanError | None:
    """Return what to say when compilers cannot write to one of *folders*; they often hide it.

    A folder that the *output* does not name is the one with the least room.
    """
    for line in output.splitlines():
        known = next((each for each in _UNWRITABLE if each in line.lower()), None)
        if known is None:
            continue
        code, paths = _UNWRITABLE[known], [Path(each) for each in _PATH.findall(line)]
        inside = [each for each in folders if any(each in (p, *p.parents) for p in paths)]
        if inside or code != errno.EACCES:  # which may be of a source file too
            folder = (inside or sorted(folders, key=_room))[0]
            return files.unwritable(files.failed(OSError(code, os.strerror(code)), folder))
    return next(filter(None, map(_full, folders)), None) if _HIDDEN in output else None


def _full(folder: Path) -> PlanError | None:
    try:
        files.probe(folder, _LITTLE)
    except PlanError as error:
        return error
    return None


def _room(folder: Path) -> int:
    """Return how many bytes can be written to *folder*."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:  # it was never made
        return sys.maxsize


def _says_c(source: Path) -> bool:
    """Tell whether a Go file below *source* uses cgo."""
    return any(
        re.search(r'^import "C"', file.read_text("utf-8", errors="replace"), re.MULTILINE)
        for file in source.rglob("*.go")
        if file.is_file()
    )
