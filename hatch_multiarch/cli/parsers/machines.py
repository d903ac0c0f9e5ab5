"""Arguments of the commands about docker and this machine.

``dockerfile``, ``doctor``, ``builder`` and ``emulators``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hatch_multiarch.cli.parsers.common import add_folder, add_json, image_name, linux_platform

DOCKERFILE = """\
example:
  hatch-multiarch dockerfile                 print it
  hatch-multiarch dockerfile --context out   write a build context
"""
DOCTOR = """\
example:
  hatch-multiarch doctor           check what a build of this project needs
  hatch-multiarch doctor --json    the same as JSON
"""
BUILDER = """\
example:
  hatch-multiarch builder create --bootstrap    create and start it
  hatch-multiarch builder inspect               show its nodes
"""
ACTIONS = {
    "create": "create the builder in [tool.multiarch.builder]",
    "ls": "list all builders that docker buildx knows",
    "inspect": "show the nodes of a builder and what they would emulate",
    "use": "make it the current builder, also for `docker buildx build`",
    "stop": "stop its nodes",
    "rm": "remove it, its nodes and their build cache",
}
"""Actions of ``builder``, with the help of each."""
ACTION_EXAMPLES = {
    "create": ("builder create --dry-run", "print the docker commands"),
    "ls": ("builder ls --json", "list all builders and nodes as JSON"),
    "inspect": ("builder inspect fleet", "show the nodes of the builder fleet"),
    "use": ("builder use", "use the project's builder from now on"),
    "stop": ("builder stop fleet", "free the memory that it uses"),
    "rm": ("builder rm fleet", "remove it and its build cache"),
}
EMULATORS = """\
example:
  hatch-multiarch emulators                        list which platforms run here
  hatch-multiarch emulators install linux/arm64    install one
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
        help="write it to a new folder, with all files that `docker buildx build DIR` needs",
    )
    add_json(parser)


def _doctor(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor", help="check what works on this machine, and how to fix the rest", epilog=DOCTOR
    )
    add_folder(parser)
    add_json(parser)


def _builder(commands: Any) -> None:
    parser = commands.add_parser(
        "builder", help="create, show and remove the buildx builder", epilog=BUILDER
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action, says in ACTIONS.items():
        words, does = ACTION_EXAMPLES[action]
        example = f"example:\n  hatch-multiarch {words}    {does}\n"
        own = actions.add_parser(action, help=says, epilog=example)
        add_json(own)
        if action != "ls":
            own.add_argument(
                "--project",
                type=Path,
                default=Path(),
                help="the project folder (default: the current one)",
            )
        if action not in ("create", "ls"):
            own.add_argument(
                "name", nargs="?", default="", help="the builder (default: the project's)"
            )
        if action == "inspect":
            own.add_argument("--bootstrap", action="store_true", help="start its nodes first")
        if action == "create":
            own.add_argument("--bootstrap", action="store_true", help="also start its nodes")
            own.add_argument("--use", action="store_true", help="make it the current builder")
            one = own.add_mutually_exclusive_group()
            one.add_argument(
                "--append", metavar="NODE", help="only add this node from the configuration"
            )
            one.add_argument("--leave", metavar="NODE", help="only remove this node")
            own.add_argument(
                "--dry-run", action="store_true", help="print the commands without running them"
            )


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
        "platforms",
        nargs="*",
        type=linux_platform,
        metavar="PLATFORM",
        help="such as linux/arm64 (default: all)",
    )
    install.add_argument(
        "--with",
        dest="way",
        choices=("docker", "debian"),
        help="use a privileged container or apt-get (default: docker if its daemon answers)",
    )
    install.add_argument(
        "--image",
        default=BINFMT,
        type=image_name,
        help=f"image for `--with docker` (default: {BINFMT})",
    )
    install.add_argument(
        "--dry-run", action="store_true", help="print the command without running it"
    )
    parser.set_defaults(action=None)


COMMANDS = (_dockerfile, _doctor, _builder, _emulators)
