"""``hatch-multiarch init``: finds a project's Go programs and writes their config."""

from hatch_multiarch.init.edit import configured
from hatch_multiarch.init.gitignore import Ignored, ignored
from hatch_multiarch.init.go_tool import read_tool
from hatch_multiarch.init.new_project import new_target, readme
from hatch_multiarch.init.programs import Program, find_programs
from hatch_multiarch.init.pyproject import Target, missing, read_target, ships_python

__all__ = [
    "Ignored",
    "Program",
    "Target",
    "configured",
    "find_programs",
    "ignored",
    "missing",
    "new_target",
    "read_target",
    "read_tool",
    "readme",
    "ships_python",
]
