"""Tells, after compiling, what the sdist lacks of the files that went in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import PlanError
from hatch_multiarch.pipeline.helper_files import HelperFiles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache
    from hatch_multiarch.engine import Binary
    from hatch_multiarch.plan import Plan


class SdistCheck:
    """The check of one build of *plan*; what is installed from an sdist is not checked again."""

    def __init__(self, plan: Plan, environ: Mapping[str, str], cache: BuildCache) -> None:
        self._plan = plan
        self._cache = cache
        self._helpers = HelperFiles(plan, environ)
        self._off = (plan.project.root / "PKG-INFO").is_file()

    def built(self, binary: Binary) -> None:
        """Note what *binary* is made of; several threads may call this at once."""
        if not self._off:
            self._helpers.look(binary, self._cache)

    def warnings(self, document: dict[str, Any], dist: Path) -> list[str]:
        """Return a line for each kind of file that an sdist would lack.

        *document* is the project's pyproject.toml. Raises PlanError where the sdist of this version
        is in *dist* and does lack them.
        """
        helpers = {} if self._off else self._helpers.by_helper()
        if not any(files for _, files in helpers.values()):
            return []
        from hatch_multiarch.pipeline.sdist_files import SdistFiles  # noqa: PLC0415 - 15 ms

        try:
            sdist = SdistFiles(self._plan.project.root, document)
        except Exception:  # noqa: BLE001 - hatchling and its plugins raise what they like
            return []  # whoever builds the sdist is told
        archive = dist / sdist.name
        made = archive.is_file()
        said: list[str] = []
        for helper, (_, files) in helpers.items():
            found = [str(each) for each in sdist.left_out(helper, files)]
            # A build hook of the project's own may have added them.
            if found and not (made and not sdist.lacking(archive, files)):
                said += found
        if said and made:
            raise PlanError(
                "\n".join(said), advice=f"then build {archive.name} again, or remove it"
            )
        return said
