from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hatch_multiarch.config import Helper, Libc
from hatch_multiarch.engine.environment import COLLECT, scrub, surroundings, target
from hatch_multiarch.engine.flags import quote
from hatch_multiarch.engine.recipe import Compiler
from hatch_multiarch.plan import Unit
from hatch_multiarch.platforms import lookup

DROPPED = """
    GOOS GOARCH GOARM GOARM64 GO386 GOAMD64 GOMIPS GOMIPS64 GOPPC64 GORISCV64 GOWASM GOROOT
    GOTOOLDIR GOBIN GOENV GOEXPERIMENT GOFIPS140 GO_EXTLINK_ENABLED CC CXX FC AR LD CC_FOR_TARGET
    CXX_FOR_linux_arm64 CGO_ENABLED CGO_CFLAGS CGO_LDFLAGS CFLAGS CPPFLAGS
    CXXFLAGS LDFLAGS PKG_CONFIG PKG_CONFIG_PATH PKG_CONFIG_LIBDIR ZIG_LIB_DIR C_INCLUDE_PATH
    CCC_OVERRIDE_OPTIONS
    LIBRARY_PATH CPATH
"""
KEPT = """
    GOPROXY GOPRIVATE GONOSUMDB GONOPROXY GOSUMDB GOFLAGS GOMODCACHE GOCACHE GOCACHEPROG GOAUTH
    GOINSECURE GODEBUG CGO_CFLAGS_ALLOW CGO_LDFLAGS_DISALLOW
    NETRC HTTPS_PROXY no_proxy HOME PATH SSH_AUTH_SOCK TMPDIR ZIG_GLOBAL_CACHE_DIR
    ZIG_LOCAL_CACHE_DIR GIT_SSH_COMMAND SystemRoot LOCALAPPDATA
"""


ZIG = Compiler("zig 1", cc="zig cc", cxx="zig c++", flags=("-DX",))


def unit(platform: str) -> Unit:
    row = lookup(platform)
    assert row
    here = Path("/p")
    return Unit(Helper("greet"), row, Libc(), "none", here / "greet", here / "out")


def test_scrub():
    user = dict.fromkeys([*DROPPED.split(), *KEPT.split()], "x")
    assert sorted(scrub(user)) == sorted(KEPT.split())


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux/amd64", {"GOOS": "linux", "GOARCH": "amd64", "GOAMD64": "v1"}),
        ("linux/arm/v6", {"GOOS": "linux", "GOARCH": "arm", "GOARM": "6"}),
        ("linux/arm/v7", {"GOOS": "linux", "GOARCH": "arm", "GOARM": "7"}),
        ("linux/arm64", {"GOARCH": "arm64", "GOARM64": "v8.0"}),
        ("windows/386", {"GOOS": "windows", "GOARCH": "386", "GO386": "sse2"}),
        ("darwin/arm64", {"GOOS": "darwin", "GOARCH": "arm64"}),
    ],
)
def test_the_target_is_complete(platform: str, expected: dict[str, str]):
    pure = target(unit(platform), Compiler("none"))
    assert expected.items() <= pure.items()
    assert pure["CGO_ENABLED"] == "0"
    assert "CC" not in pure
    cgo = target(
        replace(unit(platform), compiler="zig"),
        ZIG,
    )
    assert (cgo["CGO_ENABLED"], cgo["CC"], cgo["CXX"]) == ("1", "zig cc", "zig c++")
    assert cgo["CGO_CFLAGS"] == "-g -O2 -DX"
    env = {"CGO_CFLAGS": "-O3 -DY", "CGO_LDFLAGS": "-lm", "GOEXPERIMENT": "jsonv2"}
    more = target(replace(unit(platform), helper=Helper("greet", cgo=True, env=env)), ZIG)
    assert more["CGO_CFLAGS"] == "-g -O2 -DX -O3 -DY"
    assert more["CGO_LDFLAGS"] == "-g -O2 -lm"
    assert (more["GOEXPERIMENT"], more["CC"]) == ("jsonv2", "zig cc")


def test_surroundings():
    ours = surroundings({"GOOS": "x", "A": "b"}, {"GOPROXY": "off", "GOFLAGS": ""})
    assert ours == {
        "A": "b",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOGC": COLLECT,
        "SOURCE_DATE_EPOCH": "1580601600",
        "LC_ALL": "C",
        "TERM": "dumb",
    }


def test_what_the_user_may_decide():
    said = {
        "GOTOOLCHAIN": "go1.27.0+auto",
        "SOURCE_DATE_EPOCH": "1",
        "GOGC": "off",
    }
    assert said.items() <= surroundings(said, {}).items()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["-X", "a.b=c"], "-X a.b=c"),
        (["a b", "it's", 'say "x"', ""], "'a b' \"it's\" 'say \"x\"' ''"),
        (["a\\b", "$(x)", "tab\there"], "a\\b $(x) 'tab\there'"),
    ],
)
def test_quote(words: list[str], text: str):
    assert quote(words) == text


def test_quote_refuses_both_kinds():
    with pytest.raises(ValueError, match="not both"):
        quote(['it\'s "x"'])
