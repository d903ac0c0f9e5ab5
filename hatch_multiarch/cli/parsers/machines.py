"""Arguments of the commands about docker and this machine.

``dockerfile``, ``doctor``, ``builder`` and ``emulators``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hatch_multiarch.cli.parsers.common import add_folder, add_json
from hatch_multiarch.cli.parsers.values import image_name, linux_platform

DOCKERFILE = """\
example:
  hatch-multiarch dockerfile                 to read it
  hatch-multiarch dockerfile --context out   for `docker buildx build out`
"""
DOCTOR = """\
example:
  hatch-multiarch doctor           what a build of this project would take
  hatch-multiarch doctor --json    the same, for a script or a bug report
"""
BUILDER = """\
example:
  hatch-multiarch builder create --bootstrap    make the project's and start it
  hatch-multiarch builder inspect               its nodes, and what they emulate
"""
ACTIONS = {
    "create": "make the builder of [tool.multiarch.builder]",
    "ls": "list all builders that docker buildx knows",
    "inspect": "show the nodes of a builder and what they would emulate",
    "use": "make it the builder in use, also for `docker buildx build`",
    "stop": "stop its nodes",
    "rm": "remove it, its nodes and their build cache",
}
"""Actions of ``builder``, with the help of each."""
ACTION_EXAMPLES = {
    "create": ("builder create --dry-run", "print the docker commands"),
    "ls": ("builder ls --json", "all builders and nodes, for a script"),
    "inspect": ("builder inspect fleet", "the nodes of the builder fleet"),
    "use": ("builder use", "take the project's from now on"),
    "stop": ("builder stop fleet", "free the memory that it takes"),
    "rm": ("builder rm fleet", "the next build makes everything anew"),
}
EMULATORS = """\
example:
  hatch-multiarch emulators                        which platforms run here
  hatch-multiarch emulators install linux/arm64    add one; without a name, all
"""
INSTALL = """\
example:
  hatch-multiarch emulators install --dry-run     print the command
  hatch-multiarch emulators install --with debian linux/arm64 linux/riscv64
"""
BINFMT = "tonistiigi/binfmt"
"""The image that registers QEMU."""


def _dockerfile(commands: Any) -> None:
    parser = commands.add_parser(
        "dockerfile", help="print the Dockerfile that BuildKit builds", epilog=DOCKERFILE
    )
    add_folder(parser)
    parser.add_argument(
        "--context",
        type=Path,
        metavar="DIR",
        help="write it to a new folder, with all that `docker buildx build DIR` needs",
    )
    add_json(parser)


def _doctor(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor", help="show what works here, and how to get the rest", epilog=DOCTOR
    )
    add_folder(parser)
    add_json(parser)


def _builder(commands: Any) -> None:
    parser = commands.add_parser(
        "builder", help="make, show and remove the buildx builder", epilog=BUILDER
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action, says in ACTIONS.items():
        words, does = ACTION_EXAMPLES[action]
        example = f"example:\n  hatch-multiarch {words}    {does}\n"
        own = actions.add_parser(action, help=says, epilog=example)
        add_json(own)
        if action != "ls":
            own.add_argument("--project", type=Path, default=Path(), help="its folder (here)")
        if action not in ("create", "ls"):
            own.add_argument("name", nargs="?", default="", help="a builder (the project's)")
        if action == "inspect":
            own.add_argument("--bootstrap", action="store_true", help="start its nodes first")
        if action == "create":
            own.add_argument("--bootstrap", action="store_true", help="start its nodes too")
            own.add_argument("--use", action="store_true", help="make it the one in use")
            one = own.add_mutually_exclusive_group()
            one.add_argument("--append", metavar="NODE", help="only add this node of the config")
            one.add_argument("--leave", metavar="NODE", help="only take this node out")
            own.add_argument("--dry-run", action="store_true", help="only print the commands")


def _emulators(commands: Any) -> None:
    parser = commands.add_parser(
        "emulators", help="show which platforms run here, or install QEMU", epilog=EMULATORS
    )
    add_json(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    install = actions.add_parser(
        "install", help="register QEMU for foreign platforms", epilog=INSTALL
    )
    # Without a default, which would win over `emulators --json install`.
    add_json(install, default=argparse.SUPPRESS)
    install.add_argument(
        "platforms", nargs="*", type=linux_platform, metavar="PLATFORM", help="linux/arm64 (all)"
    )
    install.add_argument(
        "--with",
        dest="way",
        choices=("docker", "debian"),
        help="a privileged container, or apt-get (docker if its daemon answers)",
    )
    install.add_argument(
        "--image", default=BINFMT, type=image_name, help=f"of docker's way ({BINFMT})"
    )
    install.add_argument("--dry-run", action="store_true", help="print the command only")
    parser.set_defaults(action=None)


COMMANDS = (_dockerfile, _doctor, _builder, _emulators)
