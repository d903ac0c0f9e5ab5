"""The face in the terminal: ``hatch-multiarch``, also ``python -m hatch_multiarch``.

Each command is a module of this folder with ``add``, which describes it to argparse, and ``run``,
which does it and returns the exit code. A module imports the street inside ``run``, so that
``--help`` stays fast. With ``--json`` a command prints one JSON document and nothing else.
"""

from __future__ import annotations

import os
import sys

from hatch_multiarch import __version__
from hatch_multiarch.cli import (
    build,
    builder,
    check,
    ci,
    completion,
    dockerfile,
    doctor,
    emulators,
    init,
    inspect,
    lock,
    plan,
    push,
    report,
    schema,
    verify,
)
from hatch_multiarch.cli.arguments import Parser, say, wants_json
from hatch_multiarch.errors import Interrupted, MultiarchError

COMMANDS = (
    *(init, check, plan, build),
    *(dockerfile, doctor, builder, emulators, inspect, verify, push, lock, report),
    *(ci, schema, completion),
)

BROKEN_PIPE = 141
"""The exit code of a program whose reader went away: 128 and the number of SIGPIPE."""

EXAMPLE = """\
example:
  hatch-multiarch init             add the config to a project with Go programs
  hatch-multiarch plan             what `hatch build` would do, without doing it
  hatch-multiarch doctor           what works here, and how to get the rest
  hatch-multiarch COMMAND --help   more about a command
"""


def parser() -> Parser:
    """Return the reader of the whole command line."""
    made = Parser(
        prog="hatch-multiarch",
        description="Go helpers for Python projects, for every platform.",
        epilog=EXAMPLE,
    )
    made.add_argument("--version", action="version", version=f"hatch-multiarch {__version__}")
    # Not `required`: that would be said before a wrong option is.
    commands = made.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return made


def _check_folder() -> None:
    """Raise MultiarchError when the folder that relative paths start from has been removed."""
    try:
        os.getcwd()  # noqa: PTH109 - pathlib is slow to import
    except OSError as error:
        raise MultiarchError(
            f"the current folder is gone: {error.strerror}", advice="go to one that is there: `cd`"
        ) from None


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, or that of the error (errors.py)."""
    words = sys.argv[1:] if argv is None else argv
    as_json = wants_json(words)
    try:
        reader = parser()
        arguments = reader.parse_args(words)
        if arguments.command is None:
            reader.error("expected a command")
        _check_folder()
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except MultiarchError as error:
        return say(error, as_json=as_json)
    except KeyboardInterrupt:
        return say(Interrupted(), as_json=True) if as_json else Interrupted.exit_code
    except BrokenPipeError:
        # `plan | head`: nobody reads the rest, and Python would complain of that on leaving.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code
