"""How to install docker and buildx on macOS, Windows, Debian, Ubuntu and other Linux systems."""

from __future__ import annotations

import sys
from pathlib import Path

INSTALL = "docs.docker.com/engine/install"

_ELSEWHERE = "`docker context ls` lists the contexts, DOCKER_HOST and DOCKER_CONTEXT select one"

_FIXES: dict[str, dict[str, str]] = {
    "missing": {
        "darwin": "install Docker Desktop; or `brew install docker docker-buildx colima`, follow "
        "brew's instructions for docker-buildx, and `colima start`",
        "win32": "install Docker Desktop: `winget install Docker.DockerDesktop`",
        # Debian has its buildx since 13, and the command in a package of its own.
        "debian": "`sudo apt-get install docker.io docker-cli docker-buildx`; before Debian 13 "
        f"use Docker's own packages ({INSTALL}/debian)",
        "ubuntu": "`sudo apt-get install docker.io docker-buildx`",
        "linux": f"install Docker Engine ({INSTALL}), which includes the buildx plug-in",
    },
    "plug-in": {
        "darwin": "`brew install docker-buildx` and follow its instructions; Docker Desktop "
        "includes it",
        "win32": "install Docker Desktop, which includes it: `winget install Docker.DockerDesktop`",
        "debian": "`sudo apt-get install docker-buildx`; with Docker's own packages, and before "
        "Debian 13, it is `docker-buildx-plugin`",
        "ubuntu": "`sudo apt-get install docker-buildx`; with Docker's own packages it is "
        "`docker-buildx-plugin`",
        "linux": "install the package docker-buildx-plugin or docker-buildx, or put the plug-in "
        "into ~/.docker/cli-plugins (github.com/docker/buildx)",
    },
    "old": {
        "darwin": "update Docker Desktop, or `brew upgrade docker-buildx`",
        "win32": "update Docker Desktop: `winget upgrade Docker.DockerDesktop`",
        "debian": f"use Docker's own packages ({INSTALL}/debian), or Debian 13 or newer",
        "ubuntu": "`sudo apt-get update && sudo apt-get install docker-buildx`, or Docker's own "
        f"packages ({INSTALL}/ubuntu)",
        "linux": "update docker-buildx-plugin or docker-buildx; a copy in ~/.docker/cli-plugins "
        "takes precedence",
    },
    "daemon": {
        "darwin": "start Docker Desktop (`open -a Docker`), or `colima start`",
        "win32": "start Docker Desktop",
        "debian": "`sudo systemctl start docker`, or `sudo service docker start`",
        "ubuntu": "`sudo systemctl start docker`, or `sudo service docker start`",
        "linux": "`sudo systemctl start docker`",
    },
    "elsewhere": {"": f"start the docker there, or choose another: {_ELSEWHERE}"},
    "permission": {
        "darwin": "start Docker Desktop as your own user; see `docker context ls`",
        "win32": "add yourself to the group docker-users and log in again",
        "": "`sudo usermod -aG docker $USER`, then log out and in again (its members can become "
        "root); or use docker without root (docs.docker.com/engine/security/rootless)",
    },
    "context": {"": _ELSEWHERE},
    "switched-off": {
        "win32": "unset it: `Remove-Item Env:DOCKER_BUILDKIT`",
        "": "unset it: `unset DOCKER_BUILDKIT`",
    },
    "other": {"": f"use Docker's own: {INSTALL}"},
    "unclear": {"": "check the output of `docker version` and `docker buildx version`"},
}
"""What lacks -> the system, or an empty name for all others -> the fix."""


def advice(what: str, system: str) -> str:
    """Return what to do about *what* on *system*, one of those that ``here`` returns."""
    fixes = _FIXES[what]
    return fixes[system] if system in fixes else fixes[""]


def here(release: Path = Path("/etc/os-release")) -> str:
    """Return whose advice holds on this machine: darwin, win32, debian, ubuntu or linux.

    A Linux says by ID and ID_LIKE what it is and what it comes from (os-release(5)).
    """
    if not sys.platform.startswith("linux"):
        return sys.platform if sys.platform in ("darwin", "win32") else "linux"
    try:
        lines = release.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return "linux"
    words = [line.partition("=")[2].strip("\"'") for line in lines if line.startswith("ID")]
    kin = " ".join(words).split()
    return next((name for name in ("ubuntu", "debian") if name in kin), "linux")
