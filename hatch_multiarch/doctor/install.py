"""The command that installs something on this system: of its package manager, or of pip."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

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


def system(packages: Mapping[str, Sequence[str]]) -> str:
    """Return the command that installs *packages*, named by package manager; or nothing."""
    for manager, verb in MANAGERS.items():
        if shutil.which(manager):
            names = packages.get(manager, ())
            return shlex.join([*_sudo(manager), manager, verb, *names]) if names else ""
    return ""


def _sudo(manager: str) -> list[str]:
    root = sys.platform == "win32" or os.geteuid() == 0
    return [] if root or manager == "brew" else ["sudo"]


def command(advice: str) -> tuple[str, str]:
    """Return the first command in *advice*, and the whole of it where it says more.

    Advice without a command is what to do by itself. Who is root needs no sudo.
    """
    found = re.search(r"`([^`]+)`", advice)
    if found is None:
        return advice, ""
    words = found[1]
    if words.startswith("sudo ") and not _sudo(""):
        words = words.removeprefix("sudo ")
    return words, "" if advice == found[0] else advice


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
