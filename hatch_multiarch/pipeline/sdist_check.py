"""Tells, after compiling, what the sdist lacks of the files that went in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import PlanError
from hatch_multiarch.pipeline.helper_files import HelperFiles
from hatch_multiarch.pipeline.sdist_files import SdistFiles
from hatch_multiarch.plan import make_plan
from hatch_multiarch.plan.commit import is_sdist, named
from hatch_multiarch.project import read_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.engine import Binary
    from hatch_multiarch.plan import Plan, Switches


class SdistCheck:
    """The check of one build of *plan*; what is installed from an sdist is not checked again."""

    def __init__(self, plan: Plan, environ: Mapping[str, str], cache: BuildCache) -> None:
        self._plan = plan
        self._cache = cache
        self._helpers = HelperFiles(plan, environ)
        self._off = is_sdist(plan.project.root)

    def built(self, binary: Binary) -> None:
        """Note what *binary* is made of; several threads may call this at once."""
        if not self._off:
            self._helpers.look(binary, self._cache)

    def warnings(self, document: dict[str, Any], dist: Path) -> list[str]:
        """Return a line for each kind of file that an sdist would lack.

        *document* is the project's pyproject.toml. Raises PlanError where the sdist of this version
        is in *dist* and does lack them.
        """
        return [] if self._off else _lacking(self._plan, self._helpers, document, dist)


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
    helpers = HelperFiles(plan, environ)
    helpers.look_at_all()
    try:
        _lacking(plan, helpers, document, archive.parent)
    except PlanError:
        archive.unlink(missing_ok=True)
        raise


def _lacking(plan: Plan, helpers: HelperFiles, document: dict[str, Any], dist: Path) -> list[str]:
    known = helpers.by_helper()
    if not any(files for _, files in known.values()) and not named(plan.config):
        return []
    try:
        sdist = SdistFiles(plan.project.root, document)
    except Exception:  # noqa: BLE001 - hatchling and its plugins raise what they like
        return []  # whoever builds the sdist is told
    archive = dist / sdist.name
    made = archive.is_file()
    said = list(map(str, sdist.unrecorded(plan.config)))
    for helper, (_, files) in known.items():
        found = [str(each) for each in sdist.left_out(helper, files)]
        # A build hook of the project's own may have added them.
        if found and not (made and not sdist.lacking(archive, files)):
            said += found
    if said and made:
        advice = f"then build {archive.name} again, or remove it"
        raise PlanError("\n".join(said), advice=advice)
    return said
