"""Go, and the environment in which it runs: its settings for modules and caches."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.cache.cache_dir import private, writable
from hatch_multiarch.engine.environment import FETCHING, scrub, surroundings
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.toolchain import find_go, minimum_go

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hatch_multiarch.plan import Unit
    from hatch_multiarch.toolchain import Go


def find_go_env(
    wanted: str, units: Iterable[Unit], user: Mapping[str, str]
) -> tuple[Go, dict[str, str]]:
    """Return the Go that builds *units*, within *wanted*, and the environment in which it runs.

    *wanted* is ``tool.multiarch.toolchain.go``, *user* the user's environment. Raises
    ToolchainError.
    """
    go = find_go(wanted, minimum_go(units))
    return go, surroundings(user, go_settings(go, user))


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
    if not writable(settings.get("GOCACHE", "")):
        settings["GOCACHE"] = str(private() / "go-build")
    modules = settings.get("GOMODCACHE", "")
    if not (writable(modules) or (Path(modules).is_absolute() and Path(modules).is_dir())):
        settings["GOMODCACHE"] = str(private() / "go-mod")
    if sys.platform != "win32" and not user.get("ZIG_GLOBAL_CACHE_DIR"):
        caches = user.get("XDG_CACHE_HOME") or (user.get("HOME") or "-") + "/.cache"
        if not writable(caches):
            settings["ZIG_GLOBAL_CACHE_DIR"] = str(private() / "zig")
    return settings
