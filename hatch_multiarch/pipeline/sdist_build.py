"""What the hook does for an sdist, and what a build tells of the files that the sdist lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch import files
from hatch_multiarch.engine.unit_sources import UnitSources
from hatch_multiarch.errors import PlanError
from hatch_multiarch.pipeline.run_before import run_before
from hatch_multiarch.pipeline.sdist_files import SdistFiles
from hatch_multiarch.plan import Switches, make_plan
from hatch_multiarch.plan.before import before_commands
from hatch_multiarch.plan.commit import RECORD, commit_words, is_sdist, named, record
from hatch_multiarch.project import read_project
from hatch_multiarch.report.console import Console
from hatch_multiarch.toolchain import before_requirements

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_multiarch.config import Config
    from hatch_multiarch.plan import Plan


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


def sdist_warnings(
    plan: Plan, sources: UnitSources, document: dict[str, Any], dist: Path
) -> list[str]:
    """Return a line for each kind of file that an sdist of *plan* would lack.

    *sources* is what its units are compiled from, *document* the project's pyproject.toml. What is
    installed from an sdist is not checked again. Raises PlanError where the sdist of this version
    is in *dist* and does lack them.
    """
    if is_sdist(plan.project.root):
        return []
    return _lacking(plan, sources, document, dist)


def check_sdist(
    root: Path,
    switches: Switches,
    environ: Mapping[str, str],
    document: dict[str, Any],
    archive: Path,
) -> None:
    """Remove the sdist *archive* of the project in *root* where it lacks what is compiled.

    Raises PlanError then. Without a Go on this machine nothing is found.
    """
    try:
        plan = make_plan(*read_project(root), "all", switches)
    except PlanError:
        return  # what this machine cannot build, another one may
    sources = UnitSources(plan, environ)
    sources.look_at_all()
    try:
        _lacking(plan, sources, document, archive.parent)
    except PlanError:
        archive.unlink(missing_ok=True)
        raise


def _lacking(plan: Plan, sources: UnitSources, document: dict[str, Any], dist: Path) -> list[str]:
    known = sources.by_helper()
    if not any(paths for _, paths in known.values()) and not named(plan.config):
        return []
    try:
        sdist = SdistFiles(plan.project.root, document)
    except Exception:  # noqa: BLE001 - hatchling and its plugins raise what they like
        return []  # whoever builds the sdist is told
    archive = dist / sdist.name
    made = archive.is_file()
    said = list(map(str, sdist.unrecorded(plan.config)))
    for helper, (_, paths) in known.items():
        found = [str(each) for each in sdist.left_out(helper, paths)]
        # A build hook of the project's own may have added them.
        if found and not (made and not sdist.lacking(archive, paths)):
            said += found
    if said and made:
        advice = f"then build {archive.name} again, or remove it"
        raise PlanError("\n".join(said), advice=advice)
    return said
