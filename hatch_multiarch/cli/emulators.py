"""``hatch-multiarch emulators``: which platforms run here, and installing what lacks."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatch_multiarch.doctor import Finding

IMAGE = "tonistiigi/binfmt"
EXAMPLE = """\
example:
  hatch-multiarch emulators                        which platforms run here
  hatch-multiarch emulators install linux/arm64    add one; without a name, all
"""
INSTALL_EXAMPLE = """\
example:
  hatch-multiarch emulators install --dry-run     print the command
  hatch-multiarch emulators install --with debian linux/arm64 linux/riscv64
"""


def add(commands: Any) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "emulators", help="show which platforms run here, or install QEMU", epilog=EXAMPLE
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    install = actions.add_parser(
        "install", help="register QEMU for foreign platforms", epilog=INSTALL_EXAMPLE
    )
    # Without a default, which would win over `emulators --json install`.
    install.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="for machines"
    )
    install.add_argument(
        "platforms", nargs="*", type=_platform, metavar="PLATFORM", help="linux/arm64 (all)"
    )
    install.add_argument(
        "--with",
        dest="way",
        choices=("docker", "debian"),
        help="a privileged container, or apt-get (docker if its daemon answers)",
    )
    install.add_argument("--image", default=IMAGE, type=_image, help=f"of docker's way ({IMAGE})")
    install.add_argument("--dry-run", action="store_true", help="print the command only")
    parser.set_defaults(run=run, action=None)


def run(arguments: Any) -> int:
    """Print what runs here, or install emulators. Raises EngineError."""
    from dataclasses import asdict  # noqa: PLC0415 - keeps --help fast

    from hatch_multiarch.cli.output import put  # noqa: PLC0415

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
    from hatch_multiarch.buildx.find import find_buildx  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.errors import EngineError  # noqa: PLC0415

    try:
        found = find_buildx(os.environ)
    except EngineError:
        if shutil.which("apt-get"):
            return "debian"
        raise
    return "docker" if found.server or not shutil.which("apt-get") else "debian"


def _install(way: str, command: list[str]) -> None:
    from hatch_multiarch import process  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.config.words import printable  # noqa: PLC0415
    from hatch_multiarch.emulators import starts  # noqa: PLC0415
    from hatch_multiarch.errors import EngineError  # noqa: PLC0415

    advice = {
        "docker": "it needs a docker that allows --privileged and can pull the image; "
        "`--with debian` takes Debian's packages",
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
    starts.cache_clear()


def _found() -> list[Finding]:
    """Return how each Linux platform runs under this kernel; nothing where that is no Linux."""
    from hatch_multiarch import emulators  # noqa: PLC0415 - keeps --help fast
    from hatch_multiarch.doctor import on_platform  # noqa: PLC0415

    if not sys.platform.startswith("linux"):
        return []
    return [on_platform(each) for each in emulators.state().values()]


def _status() -> str:
    """Return a line for each Linux platform."""
    from hatch_multiarch.inspect.show import columns  # noqa: PLC0415 - keeps --help fast

    if not sys.platform.startswith("linux"):
        return (
            "emulators are in the Linux that docker runs in, not here: `docker buildx inspect` "
            "lists the platforms; Docker Desktop has them all"
        )
    rows = [(("ok" if each.works else "--"), each.what, each.says) for each in _found()]
    return "\n".join(columns(rows))


def _platform(text: str) -> str:
    from hatch_multiarch.platforms import lookup  # noqa: PLC0415 - keeps --help fast

    found = lookup(text)
    if found is None or found.os != "linux":
        raise argparse.ArgumentTypeError(f"expected a Linux platform, found {text!r}")
    return found.name


def _image(text: str) -> str:
    from hatch_multiarch.config.rules import RULES  # noqa: PLC0415 - keeps --help fast

    try:
        return str(RULES["image_reference"](text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
