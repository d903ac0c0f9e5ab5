"""What to do about the compiler errors that people meet most."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        (
            r"C source files not allowed when not using cgo|build constraints exclude all Go files"
            r"|undefined: C\.|C\+\+ source files not allowed"
        ),
        "if the package needs C, set {key}.cgo = true; if not, look at its build constraints",
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
            "Go fetches modules by GOPROXY; where it has no network, commit a vendor folder "
            "(`go mod vendor`) or fill the module cache first (`go mod download`)"
        ),
    ),
    (
        r"no required module provides package|is not in std",
        "run `go get` for it in {source}; if it stands in a go.work of yours, set GOWORK=auto",
    ),
    (
        r"terminal prompts disabled|could not read Username|Permission denied \(publickey\)",
        (
            "set GOPRIVATE and give Go access to the repository (GOAUTH, .netrc or a Git credential "
            "helper)"
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
            "the header must be there for {platform}: ship it with the helper, or give {key}.compiler "
            "as a command with its sysroot"
        ),
    ),
    (
        r"no Go files in|directory not found|cannot find package|no such file or directory",
        "check {key}.source and {key}.package: it is the main package, as `go build` names it",
    ),
    (r"No space left on device|no space left on device", "free some space for Go's build cache"),
)


def advice(unit: Unit, output: str) -> str:
    """Return what to do about the compiler's *output*; empty when it is not a known case."""
    for pattern, text in _KNOWN:
        if re.search(pattern, output):
            return text.format(
                key=f"tool.multiarch.helpers.{unit.helper.name}",
                source=unit.helper.source,
                platform=unit.platform.name,
            )
    return ""
