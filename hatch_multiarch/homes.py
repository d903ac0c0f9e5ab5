"""Where a user's caches are, and what stands in for them where there is no home."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Mapping


def cache_home(env: Mapping[str, str], system: str = sys.platform) -> Path:
    """Return the folder of caches of the user whose environment is *env*.

    ``XDG_CACHE_HOME`` (XDG Base Directory Specification: relative ones do not count), or what the
    *system* has instead. Raises ToolchainError where there is no home and nothing can stand in.
    """
    named, home = env.get("XDG_CACHE_HOME", ""), env.get("HOME") or env.get("USERPROFILE") or "-"
    if not Path(named).is_absolute():
        named = {
            "win32": env.get("LOCALAPPDATA") or f"{home}/AppData/Local",
            "darwin": f"{home}/Library/Caches",
        }.get(system, f"{home}/.cache")
    return Path(named) if writable(named) else private()


def writable(folder: str) -> bool:
    """Tell whether *folder* is there, or can be made, and can be written to."""
    path = Path(folder)
    if not path.is_absolute():
        return False
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK)


def private() -> Path:
    """Return a lasting folder of this user's alone: what is in a cache ends up in what is built.

    Raises ToolchainError when somebody else has made it.
    """
    if sys.platform == "win32":
        folder = Path(tempfile.gettempdir()) / "hatch-multiarch-cache"
        folder.mkdir(exist_ok=True)
        return folder
    folder = Path(tempfile.gettempdir()) / f"hatch-multiarch-cache-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise ToolchainError(
            f"there is no home for caches, and {folder} belongs to someone else",
            advice="set HOME, or XDG_CACHE_HOME, to a folder that you can write to",
        )
    return folder
