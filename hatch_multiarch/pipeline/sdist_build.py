"""What the hook does for an sdist, where it is switched on for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch import files
from hatch_multiarch.errors import PlanError
from hatch_multiarch.pipeline.before import run_before
from hatch_multiarch.pipeline.sdist_check import check_sdist
from hatch_multiarch.plan import Switches
from hatch_multiarch.plan.before import before_commands
from hatch_multiarch.plan.commit import RECORD, commit_words, record
from hatch_multiarch.report.console import Console
from hatch_multiarch.toolchain import before_requirements

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_multiarch.config import Config


class SdistBuild:
    """The sdist of the project in *root*, which goes to *dist*; hatchling makes it."""

    def __init__(self, root: Path, config: Config, dist: Path, environ: Mapping[str, str]) -> None:
        self._root = root
        self._config = config
        self._dist = dist
        self._environ = environ
        self._switches = Switches.read(environ)
        self._commands = before_commands(root, config, self._switches)

    def requirements(self) -> list[str]:
        """Return what it needs from the package index."""
        if self._switches.skip:
            return []
        return before_requirements(self._root, self._config, self._commands)

    def probe(self) -> None:
        """Raise PlanError where *dist* takes no file: Hatchling would end in a traceback."""
        if self._dist.is_dir():
            files.probe(self._dist)

    def prepare(self, build_data: dict[str, Any], verbosity: int) -> None:
        """Run what runs before anything is compiled, and record the commit in *build_data*.

        Raises MultiarchError: a command fails, or git does not know the commit.
        """
        if self._switches.skip:
            return
        self.probe()
        console = Console(verbosity=verbosity)
        run_before(self._root, self._config, self._commands, self._environ, console)
        problems: list[str] = []
        words = commit_words(self._root, self._config, self._switches.epoch, problems)
        if problems:
            raise PlanError("\n".join(problems))
        if words:
            file = files.stage(self._dist) / RECORD
            file.write_text(record(words), "utf-8", newline="\n")
            build_data.setdefault("force_include", {})[str(file)] = RECORD

    def check(self, document: dict[str, Any], archive: Path) -> None:
        """Remove *archive* where it lacks what is compiled, and raise PlanError then.

        *document* is the project's pyproject.toml.
        """
        if not self._switches.skip:
            check_sdist(self._root, self._switches, self._environ, document, archive)
