"""``hatch-multiarch emulators``: which platforms run here, and installing what is missing."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hatch_multiarch import process
from hatch_multiarch.cli.output import aligned, put
from hatch_multiarch.config.messages import printable
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.doctor import on_platform
from hatch_multiarch.errors import EngineError
from hatch_multiarch.platforms import binfmt

if TYPE_CHECKING:
    from hatch_multiarch.doctor import Finding


def run(arguments: Any) -> int:
    """Print what runs here, or install emulators. Raises EngineError."""
    command: list[str] = []
    if arguments.action is not None:
        way = arguments.way or _way()
        command = install_command(way, arguments.platforms, arguments.image)
        if not arguments.json:
            # Whatever happens with it: this is what changes the machine.
            print(shlex.join(command), flush=True)
        if not arguments.dry_run:
            _install(way, command)
    if arguments.json:
        platforms = [asdict(each) for each in _found()]
        print(json.dumps({"command": command, "platforms": platforms}, indent=2))
    elif arguments.action is None or not arguments.dry_run:
        put(_status())
    return 0


def install_command(way: str, platforms: list[str], image: str) -> list[str]:
    """Return the one command that installs emulators for *platforms*, or for all.

    Debian's packages have no choice of platforms. Where systemd runs, it registers what they
    bring; elsewhere binfmt-support does.
    """
    if way == "docker":
        wanted = dict.fromkeys(name.split("/")[1] for name in platforms) or ["all"]
        return ["docker", "run", "--privileged", "--rm", image, "--install", ",".join(wanted)]
    packages = ["qemu-user-static"]
    if not os.path.isdir("/run/systemd/system"):  # noqa: PTH112 - as sd_booted(3) tells it
        packages.append("binfmt-support")
    # Without a terminal sudo cannot ask for a password.
    sudo = [] if sys.platform != "win32" and os.geteuid() == 0 else ["sudo", "--non-interactive"]
    return [*sudo, "apt-get", "install", "--yes", *packages]


def _way() -> str:
    """Return docker if its daemon answers, else debian where there is apt-get.

    Raises EngineError, with what docker lacks, where there is neither.
    """
    try:
        found = find_buildx(os.environ)
    except EngineError:
        if shutil.which("apt-get"):
            return "debian"
        raise
    return "docker" if found.server or not shutil.which("apt-get") else "debian"


def _install(way: str, command: list[str]) -> None:
    advice = {
        "docker": "this requires a docker that allows --privileged and can pull the image; "
        "`--with debian` uses Debian's packages",
        "debian": f"run it yourself, as root: {shlex.join(command)}",
    }[way]
    try:
        done = process.run(command, env=dict(os.environ))
    except OSError as error:
        raise EngineError(
            f"{command[0]} cannot be started: {error.strerror}", advice=advice
        ) from None
    if done.code != 0:
        said = [line for line in (done.err or done.out).splitlines() if line.strip()][-5:]
        lines = "\n".join(printable(line) for line in said)
        raise EngineError(f"{command[0]} ended with exit code {done.code}\n{lines}", advice=advice)
    binfmt.starts.cache_clear()


def _found() -> list[Finding]:
    """Return how each Linux platform runs under this kernel; nothing where that is no Linux."""
    if not sys.platform.startswith("linux"):
        return []
    return [on_platform(each) for each in binfmt.state().values()]


def _status() -> str:
    """Return a line for each Linux platform."""
    if not sys.platform.startswith("linux"):
        return (
            "emulators are in docker's virtual machine, not here: `docker buildx inspect` "
            "lists the platforms; Docker Desktop has them all"
        )
    rows = [(("ok" if each.works else "--"), each.what, each.says) for each in _found()]
    return "\n".join(aligned(rows))
