"""Go's own settings for fetching and caching, with a place for the caches where there is none."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.engine.environment import FETCHING, scrub
from hatch_multiarch.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.toolchain import Go


def go_settings(go: Go, user: Mapping[str, str]) -> dict[str, str]:
    """Return Go's settings for fetching and the folders of Go's and zig's caches.

    They are asked of Go itself, so that what ``go env -w`` wrote counts. A user without a home,
    as in many containers, gets caches in the folder for temporary files. Raises ToolchainError.
    """
    env = scrub(user) | {"GOTOOLCHAIN": "local"}
    if user.get("GOENV"):
        env["GOENV"] = user["GOENV"]
    asked = [str(go.path), "env", "-json", *FETCHING]
    try:
        done = process.run(asked, cwd=go.goroot, env=env, timeout=60)
    except OSError as error:
        raise ToolchainError(f"{go} does not run: {error}") from None
    if done.code != 0:
        raise ToolchainError(f"{go} does not take its settings: {done.err.strip()}")
    settings: dict[str, str] = json.loads(done.out)
    if not _writable(settings.get("GOCACHE", "")):
        settings["GOCACHE"] = str(_private() / "go-build")
    modules = settings.get("GOMODCACHE", "")
    if not (_writable(modules) or (Path(modules).is_absolute() and Path(modules).is_dir())):
        settings["GOMODCACHE"] = str(_private() / "go-mod")
    if sys.platform != "win32" and not user.get("ZIG_GLOBAL_CACHE_DIR"):
        caches = user.get("XDG_CACHE_HOME") or (user.get("HOME") or "-") + "/.cache"
        if not _writable(caches):
            settings["ZIG_GLOBAL_CACHE_DIR"] = str(_private() / "zig")
    return settings


def _writable(folder: str) -> bool:
    """Tell whether *folder* is there, or can be made, and can be written to."""
    path = Path(folder)
    if not path.is_absolute():
        return False
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK)


def _private() -> Path:
    """Return a lasting folder of this user's alone: what is in a cache ends up in binaries."""
    if sys.platform == "win32":
        folder = Path(tempfile.gettempdir()) / "hatch-multiarch-cache"
        folder.mkdir(exist_ok=True)
        return folder
    folder = Path(tempfile.gettempdir()) / f"hatch-multiarch-cache-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise ToolchainError(
            f"there is no home for Go's build cache, and {folder} belongs to someone else",
            advice="set HOME, or GOCACHE and GOMODCACHE, to folders that you can write to",
        )
    return folder
