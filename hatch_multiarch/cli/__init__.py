"""The face in the terminal: ``hatch-multiarch``, also ``python -m hatch_multiarch``.

Each command is a module of this folder with ``add``, which describes it to argparse, and ``run``,
which does it and returns the exit code. A module imports the street inside ``run``, so that
``--help`` stays fast.
"""

from __future__ import annotations

import argparse

from hatch_multiarch.cli import (
    builder,
    dockerfile,
    doctor,
    emulators,
    inspect,
    lock,
    plan,
    push,
    verify,
)
from hatch_multiarch.errors import MultiarchError

COMMANDS = (plan, dockerfile, doctor, builder, emulators, inspect, verify, push, lock)

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended: 128 and the number of SIGINT."""

EXAMPLE = """\
example:
  hatch-multiarch plan                what `hatch build` would do here, without doing it
  hatch-multiarch plan --mode one     what `pip install .` would do
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, or that of the error (errors.py)."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except MultiarchError as error:
        from hatch_multiarch.console import Console  # noqa: PLC0415 - keeps --help fast

        Console().error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; the reference of the command line is made of it."""
    parser = argparse.ArgumentParser(
        prog="hatch-multiarch",
        description="Go helpers for Python projects, for every platform.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND [-h]")
    for command in COMMANDS:
        command.add(commands)
    return parser
