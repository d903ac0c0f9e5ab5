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
    """``[tool.multiarch]`` or an environment variable is invalid.

    ``problems`` holds one line per mistake, all of them.
    """

    exit_code = 2

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NoConfigError(ConfigError):
    """The project does not use this plugin: it has no ``[tool.multiarch]``."""


class UsageError(MultiarchError):
    """The command line is invalid."""

    exit_code = 2


class PlanError(MultiarchError):
    """The configuration is valid, but what it describes can't be built."""

    exit_code = 3


class ToolchainError(MultiarchError):
    """A compiler is missing, too old, or doesn't run."""

    exit_code = 4


class CompileError(MultiarchError):
    """A compiler reported an error, which is at the end of the message."""

    exit_code = 5


class AuditError(MultiarchError):
    """A binary isn't allowed in a wheel for its platform."""

    exit_code = 6


class ImageError(MultiarchError):
    """The image can't be built."""

    exit_code = 7


class EngineError(MultiarchError):
    """Docker, buildx or a builder is missing, doesn't answer, or doesn't support the build."""

    exit_code = 8


class RegistryError(MultiarchError):
    """A registry doesn't answer, refuses, or returns an invalid response; the build is kept."""

    exit_code = 9


class ReportError(MultiarchError):
    """There is no report to read, or its page can't be written."""

    exit_code = 10


class Interrupted(MultiarchError):  # noqa: N818 - someone asked for it
    """The command was stopped with Ctrl-C (128 + SIGINT)."""

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
