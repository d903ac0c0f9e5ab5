"""Starts a program once, natively or with an emulator; loads a library into a Python.

What is started is the copy of the bytes in the wheel, in an empty folder, with an environment that
holds nothing of the user's.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.config.messages import hint
from hatch_multiarch.platforms import host, host_libc
from hatch_multiarch.platforms.binfmt import state
from hatch_multiarch.report.console.formatting import duration
from hatch_multiarch.verify.outcome import Check

if TYPE_CHECKING:
    from hatch_multiarch.audit import BinaryInfo
    from hatch_multiarch.platforms import Platform

QEMU = {
    "386": "i386",
    "amd64": "x86_64",
    "arm": "arm",
    "arm64": "aarch64",
    "loong64": "loongarch64",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}
"""How QEMU's user mode names architectures."""
KEPT = ("PATH", "SYSTEMROOT", "QEMU_LD_PREFIX", "LANG")
"""What of the environment a helper gets to see."""
LONGEST = 200
"""Characters of its first line that are shown."""


class _CannotRun(Exception):  # noqa: N818 - says what it is
    """This machine cannot start it; the message says what it needs."""


def start(
    name: str,
    path: Path,
    words: tuple[str, ...],
    facts: BinaryInfo,
    platform: Platform,
    *,
    timeout: float,
) -> Check:
    """Start the helper *path* of *platform* with *words* and return what came of it.

    *timeout* is in seconds.
    """
    try:
        command, how, more = _command(path, facts, platform)
    except _CannotRun as reason:
        return Check("smoke", "not run here", f"{name}: {reason}")
    return _run(name, path, [*command, *words], how, more, timeout)


def load(
    name: str,
    path: Path,
    functions: tuple[str, ...],
    facts: BinaryInfo,
    platform: Platform,
    timeout: float,
) -> Check:
    """Load the library *path* of *platform* into a new Python, and call *functions* of it.

    *timeout* is in seconds. A function that the library does not export fails before that.
    """
    for each in functions:
        if each not in facts.exports:
            said = f"{name}: there is no function {each!r} in it"
            said += hint(each, facts.exports)
            return Check("smoke", "failed", said)
    here = host()
    if platform.name != here.name or (platform.os == "linux" and host_libc() != "glibc"):
        with_libc = " with glibc" if platform.os == "linux" else ""
        said = f"{name}: needs a Python of {platform.name}{with_libc}, this is {here.name}"
        return Check("smoke", "not run here", said)
    command: list[str | Path] = [sys.executable, "-I", "-c", _LOAD, path, *functions]
    how = f"loaded, {', '.join(functions)} called" if functions else "loaded"
    return _run(name, path, command, how, {}, timeout)


_LOAD = """\
import ctypes, sys
try:
    library = ctypes.CDLL(sys.argv[1])
    for name in sys.argv[2:]:
        getattr(library, name)()
except (AttributeError, OSError) as error:
    sys.exit(f"it cannot be loaded: {error}")
"""


def _run(
    name: str,
    path: Path,
    command: list[str | Path],
    how: str,
    more: dict[str, str],
    timeout: float,
) -> Check:
    """Run *command*, which starts or loads *path*, with the variables *more*."""
    folder = path.parent / "home"
    folder.mkdir()
    env = {key: os.environ[key] for key in KEPT if key in os.environ}
    env |= {"HOME": str(folder), "TMPDIR": str(folder), "TEMP": str(folder), **more}
    begun = time.monotonic()
    try:
        done = process.run(command, cwd=folder, env=env, timeout=timeout)
    except TimeoutError:
        return Check("smoke", "failed", f"{name}: {how}, stopped after {timeout:g} s")
    except PermissionError:
        said = f"{name}: programs can't be started in {path.parent.parent.parent}; set TMPDIR"
        return Check("smoke", "not run here", said)
    except OSError as error:
        return Check("smoke", "failed", f"{name}: {how}, it does not start: {error.strerror}")
    took = duration(time.monotonic() - begun)
    first = next(iter((done.out.strip() or done.err.strip()).splitlines()), "")[:LONGEST]
    said = f"{name}: {how}, {_code(done.code)}, {took}" + (f": {first}" if first else "")
    return Check("smoke", "failed" if done.code else "ok", said)


def _code(code: int) -> str:
    return f"ended by signal {-code}" if code < 0 else f"exit code {code}"


def _command(
    path: Path, facts: BinaryInfo, platform: Platform
) -> tuple[list[str | Path], str, dict[str, str]]:
    """Return the command that starts *path*, how that is called, and what it needs to be told.

    Raises _CannotRun.
    """
    here = host()
    if platform.os != "linux" or not sys.platform.startswith("linux"):
        if here.name in (platform.name, *platform.parts):
            return [path], "natively", {}
        system = {"darwin": "macOS", "windows": "Windows"}.get(platform.os, "Linux")
        machine = platform.name if platform.os == here.os else system
        raise _CannotRun(f"needs {machine}, this is {here.name}")
    emulator = state().get(platform.name)
    if platform.name == here.name or (emulator is not None and emulator.native):
        _loader(facts, Path("/"))
        return [path], "natively", {}
    told = {}
    if facts.interpreter is not None:
        told = {"QEMU_LD_PREFIX": _sysroot(facts, platform)}
    qemu = f"qemu-{QEMU.get(platform.goarch, platform.goarch)}"
    found = shutil.which(f"{qemu}-static") or shutil.which(qemu)
    if found is not None:
        return [found, path], f"under {Path(found).name}", told
    if emulator is not None and emulator.registered:
        return [path], "under the emulator that Linux knows", told
    raise _CannotRun(
        f"needs {qemu} (Debian: qemu-user-static), or `hatch-multiarch emulators install`"
    )


def _loader(facts: BinaryInfo, root: Path) -> None:
    if facts.interpreter is None or (root / facts.interpreter.lstrip("/")).exists():
        return
    libc = " on a system of musl" if host_libc() == "musl" else ""
    raise _CannotRun(f"needs {facts.interpreter}, glibc's loader, which is not here{libc}")


def _sysroot(facts: BinaryInfo, platform: Platform) -> str:
    """Return the folder in which a foreign program finds its C library. Raises _CannotRun."""
    loader = (facts.interpreter or "").lstrip("/")
    places = [os.environ.get("QEMU_LD_PREFIX", ""), f"/usr/{platform.triple}", "/"]
    for place in filter(None, places):
        if Path(place, loader).exists():
            return place
    package = f"Debian: libc6-{platform.debian}-cross, or " if platform.debian else ""
    raise _CannotRun(f"needs the C library of {platform.name} ({package}QEMU_LD_PREFIX)")
