"""Shared libraries of each format, linked by zig without any libc, and what is read from them."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from real_binaries import zig

from hatch_multiarch.audit import read
from hatch_multiarch.errors import AuditError

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


@pytest.mark.parametrize("target", LINKS)
def test_a_damaged_library_is_read_soon_or_refused(target: str, tmp_path: Path) -> None:
    whole = linked(tmp_path, target, *LINKS[target][2]).read_bytes()
    chance = random.Random(target)  # noqa: S311 - the same damages each time
    copy, started, refused = tmp_path / "copy", time.monotonic(), 0
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(min(len(data), 4096) - 8)
            data[at : at + 4] = chance.choice([b"\xff" * 4, b"\0" * 4, chance.randbytes(4)])
        copy.write_bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])
        try:
            assert read(copy).kind in ("library", "program")
        except AuditError:
            refused += 1
    assert refused > 50
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("target", ["aarch64-macos", "x86_64-linux-gnu"])
def test_a_string_table_without_end_is_refused(target: str, tmp_path: Path) -> None:
    path = linked(tmp_path, target, *LINKS[target][2])
    data = path.read_bytes()
    at = data.rindex(b"twice\0")
    path.write_bytes(data[:at] + b"x" * (len(data) - at + 1))
    with pytest.raises(AuditError):
        read(path)
