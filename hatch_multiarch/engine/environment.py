"""The environment of a compiler: the user's, without variables that choose a target.

Where modules come from is the user's business (GOPROXY, GOPRIVATE, GOFLAGS=-mod=vendor, GOAUTH,
proxies, credentials); what is built is the config's. So every variable that chooses a target or
a compiler is taken out, and ours are set last.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_multiarch.config.compile_env import FLAGS
from hatch_multiarch.files.epoch import DEFAULT_EPOCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.engine.flags import Compiler
    from hatch_multiarch.plan import Unit

FETCHING = (
    "GOAUTH",
    "GOCACHE",
    "GOCACHEPROG",
    "GOFLAGS",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOSUMDB",
    "GOVCS",
)
"""Go's own settings that are kept, also when they were made by ``go env -w``."""

COLLECT = "400"
"""GOGC: with Go's 100, compiling and linking spend 5 to 10 % of their time on collecting garbage.
The largest process takes about a fifth more memory."""

_STEERING = re.compile(
    r"GO(OS|ARCH|HOSTOS|HOSTARCH|ROOT|ROOT_FINAL|TOOLDIR|BIN|ENV|EXE|EXPERIMENT|FIPS140)"
    r"|GO(ARM|ARM64|386|AMD64|MIPS|MIPS64|PPC64|RISCV64|WASM)"
    r"|GO_EXTLINK_ENABLED|GCCGO|GOGCCFLAGS|CGO_(?!\w+_(DIS)?ALLOW$)\w+|\w+_FOR_\w+"
    r"|CC|CXX|FC|AR|AS|LD|NM|RANLIB|STRIP|CPP|C(PP|XX)?FLAGS|FFLAGS|LDFLAGS"
    r"|CPATH|C(PLUS)?_INCLUDE_PATH|CPLUS_INCLUDE_PATH|OBJC_INCLUDE_PATH|LIBRARY_PATH"
    r"|(GCC|CCC)_\w+|COMPILER_PATH|PKG_CONFIG\w*|ZIG_(?!(GLOBAL|LOCAL)_CACHE_DIR)\w+"
)

LEVELS = {
    "GO386": "sse2",
    "GOAMD64": "v1",
    "GOARM": "7",
    "GOARM64": "v8.0",
    "GOMIPS": "hardfloat",
    "GOMIPS64": "hardfloat",
    "GOPPC64": "power8",
    "GORISCV64": "rva20u64",
}
"""Go's defaults (``go help environment``): the levels that wheel tags promise."""


def scrub(user: Mapping[str, str]) -> dict[str, str]:
    """Return the *user*'s environment without the variables that choose a target or a compiler."""
    return {name: value for name, value in user.items() if not _STEERING.fullmatch(name.upper())}


def target(unit: Unit, compiler: Compiler) -> dict[str, str]:
    """Return the variables that decide what *unit* becomes; every one is set, none is left to Go.

    They are complete: two builds with the same ones, the same command and the same compilers
    give the same bytes.
    """
    flags = "-g -O2"
    chosen = {
        "GOOS": unit.platform.os,
        "GOARCH": unit.platform.goarch,
        **LEVELS,
        **unit.platform.go_env,
        "GOENV": "off",
        "GO111MODULE": "on",
        "GOWORK": str(unit.workspace or "off"),
        "CGO_ENABLED": "1" if compiler.cc else "0",
        "CGO_CFLAGS": " ".join((flags, *compiler.flags)),
        "CGO_CXXFLAGS": " ".join((flags, *compiler.flags)),
        "CGO_CPPFLAGS": "",
        "CGO_FFLAGS": flags,
        "CGO_LDFLAGS": " ".join((flags, *compiler.ldflags)),
    }
    for name, value in unit.helper.env.items():
        # The helper's flags come last: of two that contradict each other, a compiler takes those.
        chosen[name] = f"{chosen[name]} {value}" if name in FLAGS else value
    if compiler.cc:
        chosen |= {"CC": compiler.cc, "CXX": compiler.cxx}
    return chosen


def surroundings(user: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return the rest of the environment: the *user*'s, with Go's own *settings* for fetching.

    Go does not replace itself by another version unless GOTOOLCHAIN says so.
    """
    kept = scrub(user)
    kept.update({name: value for name, value in settings.items() if value})
    kept["GOTOOLCHAIN"] = user.get("GOTOOLCHAIN") or "local"
    kept["GOGC"] = user.get("GOGC") or COLLECT
    # What ``__DATE__`` is in C.
    kept["SOURCE_DATE_EPOCH"] = user.get("SOURCE_DATE_EPOCH") or str(DEFAULT_EPOCH)
    # Compilers speak plain English here: their words end up in error messages and logs.
    kept["LC_ALL"] = "C"
    kept["TERM"] = "dumb"
    return kept
