"""Advice for common compiler errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_multiarch.engine.glibc_advice import glibc_advice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    (r"No space left on device|no space left on device", "free some space for Go's build cache"),
)

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
    if found := glibc_advice(unit, output):
        return found
    for pattern, text in _KNOWN:
        if re.search(pattern, output):
            return text.format(
                key=f"tool.multiarch.helpers.{unit.helper.name}",
                source=unit.helper.source,
                platform=unit.platform.name,
            )
    return ""


def _says_c(source: Path) -> bool:
    """Tell whether a Go file below *source* uses cgo."""
    return any(
        re.search(r'^import "C"', file.read_text("utf-8", errors="replace"), re.MULTILINE)
        for file in source.rglob("*.go")
        if file.is_file()
    )
