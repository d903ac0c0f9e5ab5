"""All errors that are shown to a user: one base class, and an exit code per kind.

A message names what was found and where; ``advice`` says what to do about it. The commands
(hook, Nox sessions, terminal) print both and exit with ``exit_code``; nobody sees a traceback.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator


class MultiarchError(Exception):
    """Root of all errors that are the user's to fix."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.advice}" if self.advice else self.message


class ConfigError(MultiarchError):
    """``[tool.multiarch]`` or a variable is wrong.

    ``problems`` holds one line per mistake, all of them.
    """

    exit_code = 2

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NoConfigError(ConfigError):
    """The project does not use this plugin: it has no ``[tool.multiarch]``."""


class UsageError(MultiarchError):
    """The command line is wrong."""

    exit_code = 2


class PlanError(MultiarchError):
    """The config is well-formed but asks for something that cannot be built."""

    exit_code = 3


class ToolchainError(MultiarchError):
    """A compiler is missing, too old, or does not run."""

    exit_code = 4


class CompileError(MultiarchError):
    """A compiler said no; the message ends in the compiler's own words."""

    exit_code = 5


class AuditError(MultiarchError):
    """A binary is not what its platform's wheel may hold."""

    exit_code = 6


class ImageError(MultiarchError):
    """The image cannot be assembled."""

    exit_code = 7


class EngineError(MultiarchError):
    """Docker, buildx or a builder is missing, does not answer, or cannot do what is asked."""

    exit_code = 8


class RegistryError(MultiarchError):
    """A registry does not answer, refuses, or breaks its word; what was built stays good."""

    exit_code = 9


class ReportError(MultiarchError):
    """There is no report to read, or its page cannot be written."""

    exit_code = 10


class Interrupted(MultiarchError):  # noqa: N818 - someone asked for it
    """Ctrl-C ended it: 128 and the number of SIGINT."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("interrupted")


@contextmanager
def in_package(name: str) -> Iterator[None]:
    """Begin each line of an error in the block with the *name* of a package, if there is one."""
    try:
        yield
    except MultiarchError as error:
        if not name or error.message.startswith(f"{name}: "):
            raise
        named = copy(error)
        named.message = "\n".join(f"{name}: {line}" for line in error.message.split("\n"))
        raise named from None


def exit_codes() -> dict[int, str]:
    """Return what each exit code says, from the first lines of the docstrings above."""
    kinds = sorted(MultiarchError.__subclasses__(), key=lambda kind: kind.exit_code)
    codes: dict[int, str] = {}
    for kind in kinds:
        says = (kind.__doc__ or "").partition("\n")[0].replace("``", "`")
        codes[kind.exit_code] = f"{codes.get(kind.exit_code, '')} {says}".lstrip()
    return codes
