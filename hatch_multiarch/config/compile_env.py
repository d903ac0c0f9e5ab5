"""The variables that a helper may set for its compilers, and what may stand in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import show, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SAFE = r"[A-Za-z0-9_.,:=+@%-]"
_BOTH = rf"-[fm][a-z]{_SAFE}*|-O[0-3sz]?|-Ofast|-g[0-3]?|-pthread"
_C = re.compile(rf"{_BOTH}|-[DU][A-Za-z_]{_SAFE}*|-W(?!l,)[a-z]?{_SAFE}*|-w|-std={_SAFE}+")
_LINK = re.compile(rf"{_BOTH}|-l{_SAFE}+|-s|-Wl,{_SAFE}+")
FLAGS = {"CGO_CFLAGS": _C, "CGO_CXXFLAGS": _C, "CGO_LDFLAGS": _LINK}
"""Variables with flags of the C compiler, which follow ours, and the flags that they take."""

_WORDS = {
    "CGO_CFLAGS_ALLOW": r"[A-Za-z0-9_.,=+|*-]+",
    "CGO_CXXFLAGS_ALLOW": r"[A-Za-z0-9_.,=+|*-]+",
    "GOEXPERIMENT": r"[a-z0-9]+(,[a-z0-9]+)*",
    "GOFIPS140": r"off|latest|inprocess|certified|v[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9]+)?",
}
KNOWN = (*FLAGS, *_WORDS)
"""What public projects set, as far as no key of ours says the same."""

_OURS = {
    r"GOOS|GOARCH": "`platforms` names the targets",
    r"GO(ARM|ARM64|386|AMD64|MIPS|MIPS64|PPC64|RISCV64|WASM)": "the platform says it, such as "
    "linux/arm/v7; wheel tags promise the oldest processors",
    r"CGO_ENABLED": "set `cgo`",
    r"CC|CXX|AR|LD": "set `compiler`",
    r"GOFLAGS": "set `tags` and `ldflags`",
    r"GOWORK": "set `workspace`",
    r"MACOSX_DEPLOYMENT_TARGET": "set `macos`",
    r"PKG_CONFIG\w*": "`debian-packages` finds the target's libraries",
    r"GO(PROXY|PRIVATE|NOPROXY|NOSUMDB|SUMDB|INSECURE|AUTH|VCS|CACHE|MODCACHE|PATH|TOOLCHAIN|GC)"
    r"|SDKROOT|SOURCE_DATE_EPOCH|PATH|HOME": "set it in the environment of the build",
}
_FOLDER = re.compile(
    r".*[/\\~].*|-(I|L|F|B|isystem|iquote|idirafter|include|isysroot|-?sysroot|rpath).*"
)
_REFUSED = {
    _FOLDER: "names a folder, which is not the same on other machines and in an sdist; write it in "
    "a Go file: #cgo CFLAGS: -I${SRCDIR}/include",
    re.compile(r".*=native"): "means this machine's processor; name the oldest one that has to do",
    re.compile(r"-mmacosx?-version-min.*"): "is the key `macos`",
    re.compile(r"-static.*|-shared.*"): "is decided by `libc` and `kind`",
    re.compile(r"-target.*|--target.*|-arch|-m(32|64)"): "is decided by the platform",
}


def check_name(name: str) -> str:
    """Return the *name* of a variable that a helper may set; raise ValueError for another."""
    if name in KNOWN:
        return name
    for pattern, why in _OURS.items():
        if re.fullmatch(pattern, name):
            raise ValueError(f"a helper cannot set {name}: {why}")
    raise ValueError(unknown("variable", name, KNOWN))


def problems(env: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the values in *env*, whose names have been checked."""
    for name, value in env.items():
        if name in FLAGS:
            found = (_flag(word, FLAGS[name]) for word in value.split(" ") if word)
            yield from (f"{name}: {why}" for why in found if why)
        elif name in _WORDS and not re.fullmatch(_WORDS[name], value):
            yield f"{name}: this is no value for it: {show(value)}"


def _flag(word: str, known: re.Pattern[str]) -> str:
    """Return why *word* may not be a flag; empty when it may."""
    for pattern, why in _REFUSED.items():
        if pattern.fullmatch(word):
            return f"{show(word)} {why}"
    if known.fullmatch(word):
        return ""
    some = "-lNAME, -O3 and -Wl,..." if known is _LINK else "-DNAME=1, -O3 and -fwrapv"
    return f"expected flags such as {some}, found {show(word)}"
