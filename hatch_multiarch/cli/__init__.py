"""The command ``hatch-multiarch``, also ``python -m hatch_multiarch``.

``parsers`` describes all commands to argparse. Each command is a module of this folder, named as
the command is, whose ``run`` does it and returns the exit code; it is imported when the command
was chosen, so that ``--help`` stays fast. With ``--json`` a command prints one JSON document and
nothing else.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from hatch_multiarch.cli.arguments import wants_json
from hatch_multiarch.cli.parsers import parser
from hatch_multiarch.errors import Interrupted, MultiarchError

BROKEN_PIPE = 141
"""The exit code of a program whose reader went away: 128 and the number of SIGPIPE."""


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
        code: int = import_module(f"{__name__}.{arguments.command}").run(arguments)
        sys.stdout.flush()
    except MultiarchError as error:
        return _say(error, as_json=as_json)
    except KeyboardInterrupt:
        return _say(Interrupted(), as_json=True) if as_json else Interrupted.exit_code
    except BrokenPipeError:
        # `plan | head`: nobody reads the rest, and Python would complain of that on leaving.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        from hatch_multiarch.files import unwritable  # noqa: PLC0415 - --help writes nothing

        if (known := unwritable(error)) is None:
            raise
        return _say(known, as_json=as_json)
    return code


def _check_folder() -> None:
    """Raise MultiarchError when the folder that relative paths start from has been removed."""
    try:
        os.getcwd()  # noqa: PTH109 - pathlib is slow to import
    except OSError as error:
        raise MultiarchError(
            f"the current folder no longer exists: {error.strerror}",
            advice="change to an existing folder with `cd`",
        ) from None


def _say(error: MultiarchError, *, as_json: bool) -> int:
    from hatch_multiarch.cli.output import say  # noqa: PLC0415 - --help never fails

    return say(error, as_json=as_json)
