"""The command that installs something on this system, with its package manager or pip."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from functools import cache
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.platforms import all_platforms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANAGERS = {
    "apt-get": "install",
    "dnf": "install",
    "zypper": "install",
    "pacman": "-S",
    "apk": "add",
    "brew": "install",
}
"""Package managers, the first of which that is on PATH is asked, and their word for installing."""

GCC = {
    "apt-get": ("gcc", "libc6-dev"),
    "dnf": ("gcc", "glibc-devel"),
    "zypper": ("gcc", "glibc-devel"),
    "pacman": ("gcc",),
    "apk": ("gcc", "musl-dev"),
}
"""Packages with the machine's own gcc and its libc, by package manager."""

QEMU = {
    "apt-get": ("qemu-user-static", "binfmt-support"),
    "dnf": ("qemu-user-static",),
    "zypper": ("qemu-linux-user",),
    "pacman": ("qemu-user-static", "qemu-user-static-binfmt"),
}
"""Packages that register QEMU with the kernel."""


DOCKERS = ("docker-buildx", "docker-buildx-plugin", "docker.io", "docker-cli", "docker-ce")
"""Packages of docker, of which no Debian has all (buildx/advice.py)."""


def system(packages: Mapping[str, Sequence[str]]) -> str:
    """Return the command that installs *packages*, named by package manager; or nothing."""
    for manager, verb in MANAGERS.items():
        if shutil.which(manager):
            names = packages.get(manager, ())
            if not names or (manager == "apt-get" and not _has(names)):
                return ""
            return shlex.join([*_sudo(manager), manager, verb, *names])
    return ""


def _has(names: Sequence[str]) -> bool:
    """Tell whether apt has all of *names*, as far as it can be asked."""
    offered = _offered()
    return offered is None or offered.issuperset(names)


@cache
def _offered() -> frozenset[str] | None:
    """Return which of the packages that are ever named here apt would install.

    None where it cannot be asked: without apt-cache, or before the first `apt-get update`.
    """
    names = {name for each in all_platforms() for name in each.packages}
    names.update(DOCKERS, GCC["apt-get"], QEMU["apt-get"])
    try:
        # One question for all: each takes a third of a second.
        command = ["apt-cache", "policy", *sorted(names)]
        told = process.run(command, env={**os.environ, "LC_ALL": "C"}, timeout=20).out
    except OSError:
        return None
    found = re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (?!\(none\))", told, re.MULTILINE)
    return frozenset(found) or None


def _sudo(manager: str) -> list[str]:
    root = sys.platform == "win32" or os.geteuid() == 0
    return [] if root or manager == "brew" else ["sudo"]


def command(advice: str) -> tuple[str, str]:
    """Return the first command in *advice*, and the whole of it where it says more.

    Advice without a command is what to do by itself. So is one to install what apt has not.
    """
    found = re.search(r"`([^`]+)`", advice)
    if found is None:
        return advice, ""
    hint = "" if advice.endswith(found[0]) else advice
    words = shlex.split(found[1])
    if "apt-get" in words and "install" in words:
        names = words[words.index("install") + 1 :]
        fits = [names, [name.replace("buildx", "buildx-plugin") for name in names]]
        fixes = [fix for each in fits if (fix := system({"apt-get": each}))]
        return (fixes[0], hint) if fixes else (advice, "")
    return found[1], hint


def pip(requirement: str) -> str:
    """Return the command that installs *requirement* beside this Python's packages."""
    return f'pip install "{requirement}"'


def emulators(platform: str) -> str:
    """Return the command that registers an emulator of *platform* with this kernel.

    `emulators install` asks docker, or takes Debian's packages.
    """
    if not (shutil.which("docker") or shutil.which("apt-get")) and (packages := system(QEMU)):
        return packages
    return f"hatch-multiarch emulators install {platform}"
