"""Secrets for the step that downloads modules.

BuildKit mounts a secret while a step runs; it is in no layer, no argument, no cache key and no
provenance (BuildKit, "RUN --mount=type=secret").
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.engine.environment import FETCHING

if TYPE_CHECKING:
    from collections.abc import Mapping

GOENV = "hatch-multiarch-goenv"
NETRC = "hatch-multiarch-netrc"
"""Ids of the secrets; a Dockerfile of the user's own mounts them by these."""

_OF_THE_MACHINE = {"GOCACHE", "GOCACHEPROG", "GOMODCACHE", "GOPATH"}
_PRIVATE = ("GOPRIVATE", "GOPROXY", "GONOPROXY", "GOAUTH")


def secret_files(environ: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Return id -> file of what the stage gets to fetch modules with; written below *folder*.

    Go's own settings (GOPROXY, GOPRIVATE, ...) as *environ* and ``go env -w`` have them. The
    user's .netrc goes along only where one of them says that modules are not just public ones.
    """
    settings = _settings(environ)
    goenv = folder / GOENV
    goenv.touch(mode=0o600)
    goenv.write_text("".join(f"{k}={v}\n" for k, v in settings.items()), encoding="utf-8")
    found = {GOENV: goenv}
    netrc = _netrc(environ)
    if netrc is not None and any(settings.get(name) for name in _PRIVATE):
        found[NETRC] = netrc
    return found


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    file = _goenv(environ)
    if file is not None and file.is_file():
        for line in file.read_text("utf-8", errors="replace").splitlines():
            name, equals, value = line.partition("=")
            if equals:
                found[name.strip()] = value
    found.update({name: value for name, value in environ.items() if value})
    return {
        name: found[name]
        for name in FETCHING
        if name in found and name not in _OF_THE_MACHINE and "\n" not in found[name]
    }


def _goenv(environ: Mapping[str, str]) -> Path | None:
    """Return where ``go env -w`` writes (``go help environment``: os.UserConfigDir)."""
    if environ.get("GOENV"):
        return None if environ["GOENV"] == "off" else Path(environ["GOENV"])
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if sys.platform == "win32":
        folder = environ.get("APPDATA")
    elif sys.platform == "darwin":
        folder = home and f"{home}/Library/Application Support"
    else:
        folder = environ.get("XDG_CONFIG_HOME") or (home and f"{home}/.config")
    return Path(folder, "go", "env") if folder else None


def _netrc(environ: Mapping[str, str]) -> Path | None:
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    name = "_netrc" if os.name == "nt" else ".netrc"
    path = Path(environ.get("NETRC") or Path(home, name))
    return path if path.is_absolute() and path.is_file() else None
