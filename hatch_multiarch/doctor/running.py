"""Which platforms can run here: on this kernel, or in docker."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from hatch_multiarch.doctor import install
from hatch_multiarch.doctor.finding import PLATFORMS, Finding
from hatch_multiarch.platforms import emulators

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_multiarch.doctor.docker_check import Docker
    from hatch_multiarch.platforms import Platform

_QEMU = {"386": "i386", "amd64": "x86_64", "arm64": "aarch64", "loong64": "loongarch64"}
"""QEMU's names of architectures, where they are not Go's."""


def running(platforms: Sequence[Platform], docker: Docker) -> Iterator[Finding]:
    """Yield which of *platforms* run."""
    if sys.platform.startswith("linux"):
        state = emulators.state()
        yield from (on_platform(state[each.name]) for each in platforms if each.name in state)
    elif docker.builder:
        nodes = docker.builder.nodes
        for each in platforms:
            by = [node.name for node in nodes if each.name in node.platforms]
            says = f"in docker, on the node {by[0]}" if by else "docker lists no emulator"
            fix = "" if by else install.emulators(each.name)
            yield Finding(PLATFORMS, each.name, bool(by), says, fix)


def on_platform(emulator: emulators.Emulator) -> Finding:
    """Return how programs of a platform run under this machine's kernel."""
    what = emulator.platform
    if emulator.native:
        return Finding(PLATFORMS, what, works=True, says="this processor")
    if emulator.registered:
        by = emulator.interpreter or "an emulator outside of this container"
        if emulator.fixed:
            return Finding(PLATFORMS, what, works=True, says=by)
        says = f"{by}, but not in containers: its binfmt_misc entry has no flag F"
        return Finding(PLATFORMS, what, works=False, says=says, fix=install.emulators(what))
    if emulator.disabled:
        says = f"its emulator {emulator.disabled} is switched off"
        fix = f"echo 1 | sudo tee {emulators.BINFMT / emulator.disabled}"
        return Finding(PLATFORMS, what, works=False, says=says, fix=fix)
    says = "no emulator is registered"
    if program := _unregistered(what):
        says += f" with the kernel, though {program} is on PATH"
    return Finding(PLATFORMS, what, works=False, says=says, fix=install.emulators(what))


def _unregistered(platform: str) -> str:
    """Return the qemu-user on PATH that would run *platform*; empty without one."""
    architecture = platform.split("/")[1]
    name = f"qemu-{_QEMU.get(architecture, architecture)}"
    return next((each for each in (f"{name}-static", name) if shutil.which(each)), "")
