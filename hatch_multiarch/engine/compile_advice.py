"""Advice for common compiler errors."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        "run `go get` for it in {source}; if it stands in a go.work of yours, set GOWORK=auto",
    ),
    (
        r"requires go >= |module requires Go|invalid go version|unknown directive: toolchain",
        (
            "allow a newer Go by tool.multiarch.toolchain.go, or set GOTOOLCHAIN=auto to let Go "
            "fetch the one that the module asks for"
        ),
    ),
    (
        (
            r"module lookup disabled by GOPROXY=off|cannot find module providing package"
            r"|dial tcp|no such host|i/o timeout|connection refused"
        ),
        (
            "Go fetches modules by GOPROXY; where it has no network, commit a vendor folder (`go "
            "mod vendor`) or fill the module cache first (`go mod download`)"
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
        r"lresolv|framework not found|TargetConditionals\.h",
        "cgo for macOS needs Apple's SDK: build it on a Mac, or leave it out by {key}.platforms",
    ),
    (
        r"cannot find -l|unable to find \w+ (system )?library|library not found for -l",
        (
            "the C library must be there for {platform}: ship its sources with the helper, or give "
            "{key}.compiler as a command with its sysroot"
        ),
    ),
    (
        r"undefined (reference|symbol)|Undefined symbols",
        (
            "a library or C file is missing on the linker's line: name it by `#cgo LDFLAGS:` (such "
            "as -lm), and check that the floor of {key}.libc has the symbol"
        ),
    ),
    (
        r"fatal error: '?[\w/.+-]+\.h'?",
        (
            "the header must be there for {platform}: ship it with the helper, or give "
            "{key}.compiler as a command with its sysroot"
        ),
    ),
    (
        r"no Go files in|directory not found|cannot find package|no such file or directory",
        "check {key}.source and {key}.package: it is the main package, as `go build` names it",
    ),
)

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


def advice(unit: Unit, output: str) -> str:
    """Return what to do about the compiler's *output*; empty when it is not a known case."""
    if not unit.helper.cgo and re.search(_WITHOUT_C, output) and _says_c(unit.source):
        return (
            'Go leaves out files with `import "C"` unless the helper uses cgo: set '
            f"tool.multiarch.helpers.{unit.helper.name}.cgo = true"
        )
    for pattern, text in _KNOWN:
        if re.search(pattern, output):
            return text.format(
                key=f"tool.multiarch.helpers.{unit.helper.name}",
                source=unit.helper.source,
                platform=unit.platform.name,
            )
    return ""


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
