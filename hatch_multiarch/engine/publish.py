"""Moves binaries to their final paths, with a stamp that says what was built."""

from __future__ import annotations

import contextlib
import re
import stat
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.errors import CompileError, PlanError

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.plan import Unit


def regular(path: Path, where: str) -> None:
    """Raise PlanError unless *path* is a regular file itself, not a link to one."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise PlanError(f"{where}: {path.name} is missing ({error.strerror})") from None
    if not stat.S_ISREG(mode):
        kind = "a symbolic link" if stat.S_ISLNK(mode) else "not a regular file"
        raise PlanError(f"{where}: {path.name} is {kind}", advice="give the binary itself")


def take_header(unit: Unit, built: Path) -> tuple[str, ...]:
    """Return the functions that the library *built* exports, and put its header in place.

    Go writes that beside the library, if a function is exported. Raises CompileError where none is.
    """
    header = built.with_suffix(".h")
    if not unit.helper.library:
        return ()
    text = header.read_text("utf-8", "replace") if header.is_file() else ""
    functions = tuple(_DECLARED.findall(text.rpartition('extern "C" {')[2]))
    if not functions:
        raise CompileError(
            f"{unit.id}: the library exports no function",
            advice="write a comment `//export NAME` right above the function NAME, in a file of "
            'package main with `import "C"`',
        )
    if unit.header is not None:
        files.copy(header, unit.header, mode=0o644)
    return functions


_DECLARED = re.compile(r"^extern (?:__declspec\(\w+\) )?[^\n(]*?(\w+)\(", re.MULTILINE)
"""A function that is exported: ``extern __declspec(dllexport) int Add(int a, int b);``."""


class BuildStamp:
    """The note beside a binary that says by which recipe it was made and what it was then.

    Go takes a binary as up to date by the build ID at its beginning, even one that was cut short
    or stripped later; the seal tells those apart.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._path = output.with_name(f".{output.name}.seal")

    def intact(self, recipe: str) -> str | None:
        """Return the digest of the binary if it was made by *recipe* and is as it was then."""
        try:
            noted, made_by = self._path.read_text(encoding="ascii").split()
            if made_by == recipe and self._output.is_file() and files.sha256(self._output) == noted:
                return noted
        except (OSError, ValueError):
            pass
        return None

    def recipe(self) -> str | None:
        """Return by which recipe the binary was made; whether it is still intact is not asked."""
        try:
            return self._path.read_text(encoding="ascii").split()[1]
        except (OSError, ValueError, IndexError):
            return None

    def write(self, digest: str, recipe: str) -> None:
        """Note that the binary has *digest* and was made by *recipe*."""
        files.write(f"{digest} {recipe}\n", self._path, lasting=False)

    def remove(self) -> None:
        """Forget the binary."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
