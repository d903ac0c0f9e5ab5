"""The flags and values that a helper's `env` takes, as public projects write them."""

from __future__ import annotations

import pytest

from hatch_multiarch.config.compile_env import problems

TAKEN = {
    "CGO_CFLAGS": "-DSQLITE_ENABLE_FTS5=1 -D__BLST_PORTABLE__ -O3 -g0 -DNDEBUG -Ofast -std=gnu11 "
    "-w -Wno-deprecated-declarations -fno-strict-overflow -mavx2 -march=x86-64-v2 -pthread  -UX",
    "CGO_CXXFLAGS": "-std=c++17 -fno-exceptions",
    "CGO_LDFLAGS": "-lstdc++ -lm -O3 -s -Wl,--gc-sections -Wl,-z,relro -flto",
    "CGO_CFLAGS_ALLOW": "-mfma|-mf16c",
    "CGO_CXXFLAGS_ALLOW": "-f.*",
    "GOEXPERIMENT": "boringcrypto,jsonv2",
    "GOFIPS140": "v1.0.0",
}


def test_taken() -> None:
    assert list(problems(TAKEN)) == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CGO_CFLAGS", "-I./vendor", "names a folder"),
        ("CGO_CFLAGS", "-isysroot", "names a folder"),
        ("CGO_CFLAGS", "--sysroot=x", "names a folder"),
        ("CGO_CFLAGS", "-include", "names a folder"),
        ("CGO_CFLAGS", "-fplugin=/x.so", "names a folder"),
        ("CGO_CFLAGS", "@file", "expected flags such as -DNAME=1"),
        ("CGO_CFLAGS", "-mtune=native", "this machine's processor"),
        ("CGO_CFLAGS", "-mmacosx-version-min=11.0", "is the key `macos`"),
        ("CGO_CFLAGS", "-m32", "decided by the platform"),
        ("CGO_CFLAGS", "--target=x", "decided by the platform"),
        ("CGO_CFLAGS", "-Wl,-s", "expected flags such as -DNAME=1"),
        ("CGO_CFLAGS", "-DX='a'", "expected flags such as -DNAME=1"),
        ("CGO_CFLAGS", "-DX=$(id)", "expected flags such as -DNAME=1"),
        ("CGO_CXXFLAGS", "-lm", "expected flags such as -DNAME=1"),
        ("CGO_LDFLAGS", "-Llib", "names a folder"),
        ("CGO_LDFLAGS", "-Wl,-rpath,/x", "names a folder"),
        ("CGO_LDFLAGS", "-static-libgcc", "decided by `libc`"),
        ("CGO_LDFLAGS", "lib.a", "expected flags such as -lNAME"),
        ("CGO_CFLAGS_ALLOW", "-f$(id)", "no value for it"),
        ("GOEXPERIMENT", "A", "no value for it"),
        ("GOFIPS140", "1", "no value for it"),
    ],
)
def test_refused(name: str, value: str, says: str) -> None:
    [found] = problems({name: f"-O2 {value}" if name.endswith("FLAGS") else value} | {"x": "?"})
    assert found.startswith(f"{name}: ")
    assert says in found
