"""Hatchling's own command, whose errors are one line: ``python -m`` this module ``build``.

Hatchling raises what it finds wrong in a project, and its command ends in a traceback. What a
module of ours raises is a mistake of ours, and keeps it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hatchling import cli

from hatch_multiarch.config import read_pyproject
from hatch_multiarch.config.messages import printable
from hatch_multiarch.errors import MultiarchError, PlanError
from hatch_multiarch.pipeline.run_before import run_before
from hatch_multiarch.plan import Switches
from hatch_multiarch.plan.before import before_commands
from hatch_multiarch.process import terminable
from hatch_multiarch.project import lacks_package
from hatch_multiarch.report.console import Console

if TYPE_CHECKING:
    from types import TracebackType

_OURS = Path(__file__).parent.parent
_HATCHLING = Path(cli.__file__).parent.parent


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        with terminable():
            _before(Path.cwd())
        return cli.hatchling()
    except MultiarchError as error:
        Console().error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - hatchling and its plugins raise what they like
        Console().error(not_ours(error))
        return PlanError.exit_code


def not_ours(error: Exception) -> PlanError:
    """Return *error*, which was raised while hatchling built, as one line; raise one of ours."""
    if _is_ours(error.__traceback__):
        raise error
    return hatchling_error(error, advice="`python -m hatchling build` shows where")


def _before(root: Path) -> None:
    """Run what runs before anything is compiled: hatchling may choose the sdist's files first.

    The hook, later in this process, does not run it again.
    """
    switches = Switches.read(os.environ)
    if not switches.skip:
        config, _ = read_pyproject(root / "pyproject.toml")
        commands = before_commands(root, config, switches)
        run_before(root, config, commands, os.environ, Console())


def hatchling_error(error: Exception, advice: str = "see its documentation") -> PlanError:
    """Return *error*, which hatchling or a plugin raised, as one line."""
    if lacks_package(error):
        return PlanError(
            "tool.hatch.build.targets.wheel: there is no Python package of the project's name",
            advice="set its folder: packages = [...]; for a wheel with only helpers: "
            "bypass-selection = true",
        )
    said = next((line for line in str(error).splitlines() if line.strip()), "")
    return PlanError(f"hatchling: {printable(said) or type(error).__name__}", advice=advice)


def _is_ours(trace: TracebackType | None) -> bool:
    """Tell whether this package raised, or a library that it called, and not hatchling."""
    ours = False
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(_HATCHLING):
            ours = False
        elif file.is_relative_to(_OURS) and file != Path(__file__):
            ours = True
        trace = trace.tb_next
    return ours


if __name__ == "__main__":
    sys.exit(main())
