"""macOS for zig, without Apple's SDK: the libraries that Go links, as text stubs.

zig brings libSystem and its headers. Go's own packages link three libraries more: libresolv,
CoreFoundation and Security. A linker needs to know of a library no more than its install name and
its symbols, and Go's sources name both: ``//go:cgo_import_dynamic LOCAL SYMBOL "LIBRARY"``. So the
stubs (``.tbd``, the text-based API of Apple's linker, version 4) are written from the sources of
the Go in use, and nothing of Apple's is copied.

The text of this module runs in the builder stage too, so it imports nothing but Python's library.

The linker finds them by ``-L`` and ``-F``. Flags that Go knows are in the keys of its cache and in
the build ID, which a folder of this build must not be. So a program called ``zig`` adds them: the
folder that holds it is first on PATH.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_IMPORT = re.compile(r'^//go:cgo_import_dynamic \S+ (\w+) "(/[^"]+)"', re.MULTILINE)
_SYSTEM = "/usr/lib/libSystem."
"""zig has this one."""
_LISTS = re.compile(r"\b(targets|[a-z-]*symbols):\s*\[([^\]]*)\]")
_TARGETS = "[ x86_64-macos, arm64-macos ]"


@cache
def exports(goroot: Path, library: Path, processor: str) -> dict[str, frozenset[str]]:
    """Return library -> what it exports on *processor*, ``x86_64`` or ``arm64``.

    Of libSystem, whose stub is in *library* of zig, and of what the Go in *goroot* links besides.
    Raises OSError.
    """
    text = (library / "libc/darwin/libSystem.tbd").read_text("utf-8")
    known = {f"{_SYSTEM}B.dylib": frozenset(_exported(text, processor))}
    return known | {name: frozenset(found) for name, found in _imported(goroot).items()}


def install_zig(zig: Path, goroot: Path, folder: Path, sdk: Path | None = None) -> None:
    """Write into *folder* a program ``zig`` that links for macOS with the stubs for *goroot*.

    With *sdk*, a folder of Apple's, it takes the headers and libraries of that instead. Raises
    OSError.
    """
    folder.mkdir()
    flags = ["-Wno-unused-command-line-argument"]
    if sdk is None:
        for library, symbols in _imported(goroot).items():
            place = folder / _place(library)
            place.parent.mkdir(exist_ok=True)
            place.write_text(_stub(library, symbols), "utf-8")
        flags += [f"-L{folder}", f"-F{folder}"]
    else:
        frameworks = f"{sdk}/System/Library/Frameworks"
        flags += [f"-L{sdk}/usr/lib", f"-F{frameworks}", "-iframework", frameworks]
        flags += ["-idirafter", f"{sdk}/usr/include"]
    if sys.platform == "win32":
        words = " ".join(f'"{each}"' for each in (zig, "%*", *flags)).replace('"%*"', "%*")
        (folder / "zig.bat").write_text(f"@{words}\n", "utf-8")
        return
    script = folder / "zig"
    program, added = shlex.quote(str(zig)), shlex.join(flags)
    script.write_text(f'#!/bin/sh\nexec {program} "$@" {added}\n', "utf-8")
    script.chmod(0o700)


@cache
def _imported(goroot: Path) -> dict[str, set[str]]:
    """Return library -> the symbols that Go's own packages import; without those of libSystem."""
    symbols: dict[str, set[str]] = {}
    for text in _sources(goroot / "src"):
        for symbol, library in _IMPORT.findall(text):
            if not library.startswith(_SYSTEM):
                symbols.setdefault(library, set()).add(f"_{symbol}")
    return symbols


def _exported(text: str, processor: str) -> Iterator[str]:
    """Yield the symbols of a stub, in which all that libSystem consists of follow each other."""
    here = False
    for what, listed in _LISTS.findall(text):
        words = [word.strip().strip("'") for word in listed.split(",")]
        if what == "targets":
            here = any(word.startswith(processor) and word.endswith("-macos") for word in words)
        elif here:
            yield from words


def _sources(folder: Path) -> Iterator[str]:
    """Yield the Go files for macOS below *folder*, Go's own library."""
    for at, folders, names in os.walk(folder):
        if Path(at) == folder:
            folders.remove("cmd")
        for name in names:
            if name.endswith(".go") and ("darwin" in name or at.endswith("macos")):
                yield Path(at, name).read_text("utf-8", errors="replace")


def _place(library: str) -> str:
    framework = re.search(r"/(\w+)\.framework/", library)
    if framework:
        return f"{framework[1]}.framework/{framework[1]}.tbd"
    return re.sub(r"(\.\w+)?\.dylib$", ".tbd", library.rpartition("/")[2])


def _stub(library: str, symbols: set[str]) -> str:
    names = ", ".join(f"'{each}'" for each in sorted(symbols))
    return (
        f"--- !tapi-tbd\ntbd-version: 4\ntargets: {_TARGETS}\ninstall-name: '{library}'\n"
        f"exports:\n  - targets: {_TARGETS}\n    symbols: [ {names} ]\n...\n"
    )


def write_exports(goroot: Path, library: Path, folder: Path) -> None:
    """Write what ``exports`` returns into *folder*, a JSON file for each processor."""
    for processor in ("x86_64", "arm64"):
        known = {name: sorted(each) for name, each in exports(goroot, library, processor).items()}
        (folder / f"{processor}.json").write_text(json.dumps(known), "utf-8")


if __name__ == "__main__":
    _zig, _goroot, _folder, _library = map(Path, sys.argv[1:5])
    install_zig(_zig, _goroot, _folder)
    write_exports(_goroot, _library, _folder)
