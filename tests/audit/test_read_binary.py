"""Shared libraries of each format, linked by zig without any libc, and what is read from them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from real_binaries import zig

from hatch_multiarch.audit import read

if TYPE_CHECKING:
    from pathlib import Path

C = 'int secret(void) __attribute__((visibility("hidden")));\nint secret(void) { return 1; }\n'
C += "EXPORT int add(int a, int b) { return a + b; }\nstatic int local(void) { return 2; }\n"
C += "EXPORT int twice(int a) { return local() * a + 0 * secret(); }\n"
ELF = ("-Wl,-soname,libtone.so", "-DEXPORT=")
LINKS = {
    "x86_64-linux-gnu": ("linux/amd64", "libtone.so", ELF),
    "aarch64-linux-gnu": ("linux/arm64", "libtone.so", ELF),
    "arm-linux-gnueabihf": ("linux/arm", "libtone.so", ELF),
    "s390x-linux-gnu": ("linux/s390x", "libtone.so", ELF),
    "aarch64-macos": (
        "darwin/arm64",
        "@rpath/libtone.dylib",
        ("-Wl,-install_name,@rpath/libtone.dylib", "-DEXPORT="),
    ),
    "x86_64-windows-gnu": (
        "windows/amd64",
        "tone.dll",
        ("-DEXPORT=__declspec(dllexport)", "-Wl,-e,add"),
    ),
}


def linked(folder: Path, target: str, *flags: str) -> Path:
    return zig(folder / "tone.dll", target, "-shared", "-nostdlib", "-O2", *flags, source=C)


@pytest.mark.parametrize("target", LINKS)
def test_a_library_says_what_it_is(target: str, tmp_path: Path) -> None:
    platform, name, flags = LINKS[target]
    facts = read(linked(tmp_path, target, *flags))
    assert facts.kind == "library"
    assert f"{facts.os}/{facts.architecture}" == platform
    assert facts.name == name
    assert [each for each in facts.exports if not each.startswith("_")] == ["add", "twice"]
    assert facts.unsafe == ""
    assert facts.interpreter is None


@pytest.mark.parametrize(
    ("flag", "unsafe"),
    [("execstack", "an executable stack"), ("notext", "text relocations"), ("now", "")],
)
def test_what_loaders_may_refuse_is_seen(flag: str, unsafe: str, tmp_path: Path) -> None:
    address = '__asm__(".section .rodata; .quad add");\n' if flag == "notext" else ""
    flags = ("-c", "-O2", "-DEXPORT=")
    part = zig(tmp_path / "tone.o", "x86_64-linux-gnu", *flags, source=C + address)
    made = tmp_path / "libtone.so"
    command = [sys.executable, "-m", "ziglang", "ld.lld", "-shared", "-z", flag, "-o", str(made)]
    subprocess.run([*command, str(part)], check=True)
    assert read(made).unsafe == unsafe
