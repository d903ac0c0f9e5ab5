"""The machine's C compilers: gcc for a platform, Debian's cross-gcc or its own; the macOS SDK."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.platforms import host

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.platforms import Platform


def find_gcc(platform: Platform) -> str:
    """Return the bare command that compiles C for *platform*, such as ``aarch64-linux-gnu-gcc``.

    Bare, because Go's cache key holds the compiler as it is named. Raises ToolchainError.
    """
    names = [f"{platform.triple}-gcc"] if platform.triple else []
    if platform == host():
        names += ["gcc", "cc"]
    for name in names:
        if shutil.which(name):
            return name
    looked = (
        f"there is no {' or '.join(names)} on PATH" if names else "there is no cross-gcc for it"
    )
    advice = 'set compiler = "auto" to compile with zig'
    if platform.packages:
        advice = f"apt-get install {' '.join(platform.packages)}, or {advice}"
    raise ToolchainError(f'compiler = "gcc" cannot build {platform.name}: {looked}', advice=advice)


def gcc_version(command: str) -> str:
    """Return how a gcc names itself, ``aarch64-linux-gnu-gcc 12.2.0``."""
    said = _said([command, "-dumpfullversion", "-dumpversion"])
    return f"{command} {said}" if said else command


def compiler_version(words: Sequence[str]) -> str:
    """Return how any C compiler names itself: the first line of its ``--version``, or nothing."""
    return _said([words[0], "--version"]).partition("\n")[0]


def _said(command: list[str]) -> str:
    try:
        done = process.run(command, timeout=60)
    except OSError:
        return ""
    return done.out.strip() if done.code == 0 else ""


def chosen_sdk(env: Mapping[str, str]) -> Path | None:
    """Return the folder of the SDK that SDKROOT in *env* names, or None.

    Raises ToolchainError when that is no SDK for macOS.
    """
    if not env.get("SDKROOT"):
        return None
    sdk = Path(env["SDKROOT"]).absolute()
    if not (sdk / "System/Library/Frameworks").is_dir():
        raise ToolchainError(
            f"SDKROOT: {sdk} has no folder System/Library/Frameworks",
            advice="name the folder of a macOS SDK, such as MacOSX15.sdk, or unset SDKROOT",
        )
    return sdk


def sdk_mark(sdk: Path) -> str:
    """Return letters that stand for the version of *sdk*, for keys of caches."""
    settings = sdk / "SDKSettings.json"
    told = settings.read_bytes() if settings.is_file() else str(sdk).encode()
    return hashlib.sha256(told).hexdigest()[:12]
