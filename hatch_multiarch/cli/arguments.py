"""The argument parser of all commands.

argparse tells the nearest valid spelling since Python 3.14 only, in words of its own, and ends the
process; here a wrong word is an error as every other one, on all versions.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from hatch_multiarch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

JSON = "--json"
"""The option of every command whose output is for machines."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Examples stay as they are written, and what a command does stands beside its name."""

    def __init__(self, prog: str, **given: Any) -> None:
        super().__init__(prog, **{"max_help_position": 28, **given})

    def add_argument(self, action: argparse.Action) -> None:
        """Make room for *action*; argparse forgets that commands are indented twice."""
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as below
            self._action_max_length += self._indent_increment


class Parser(argparse.ArgumentParser):
    """Reads the words of a command; subparsers are of this class too.

    Options are written whole, so that one which is added later never changes what a script means.
    """

    def __init__(self, **given: Any) -> None:
        given.setdefault("formatter_class", _Help)
        super().__init__(**{**given, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of ending the process."""
        raise UsageError(message.removeprefix("argument "), advice=f"see `{self.prog} --help`")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Read *args*; what this parser does not know is an error here, where options are known.

        Raises UsageError.
        """
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            word = unknown[0].partition("=")[0]
            if word.startswith("-"):
                self.error(
                    f"unknown option {word}{did_you_mean(word, self._option_string_actions)}"
                )
            self.error(f"unexpected argument {unknown[0]!r}")
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise UsageError for a word that is none of the choices of *action*."""
        if action.choices is None or value in action.choices:
            return
        choices = [str(each) for each in action.choices]
        near = did_you_mean(str(value), choices)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - it has no public name
            self.error(f"unknown command {value!r}{near}")
        name = "/".join(action.option_strings) or action.metavar or action.dest
        expected = f"{', '.join(choices[:-1])} or {choices[-1]}"
        self.error(f"{name}: expected {expected}, found {value!r}{near}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean verify?`` when one of *known* is near *word*, else nothing."""
    from hatch_multiarch.config.messages import hint  # noqa: PLC0415 - only a wrong word needs it

    return hint(word, known, str)


def wants_json(words: Sequence[str]) -> bool:
    """Tell whether *words* ask for JSON, also where they cannot be read otherwise.

    What stands behind ``--`` is for a helper.
    """
    return JSON in (words[: words.index("--")] if "--" in words else words)
