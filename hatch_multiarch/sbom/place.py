"""The path of an SBOM in a wheel (PEP 770)."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.hatch_file import hatch_key
from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "hatch-multiarch.cdx.json"
"""Its name: that of the tool, so that tools do not overwrite each other's (PEP 770)."""


def member(project_id: str) -> str:
    """Return its path in the archive; ``project_id`` is hatchling's ``NAME-VERSION``.

    It goes there as a forced file: hatchling's own key for it, ``sbom-files``, came after 1.27,
    and what one wheel adds to a list of the user's is in the next wheel too.
    """
    return f"{project_id}.dist-info/sboms/{FILE}"


def check_names(config: Any, build_data: Mapping[str, Any]) -> None:
    """Raise PlanError when an SBOM of the user's would have the same path.

    *config* is that of hatchling's wheel target, *build_data* what hooks have added to it.
    """
    for path in (*getattr(config, "sbom_files", ()), *build_data.get("sbom_files", ())):
        if PurePath(path).name == FILE:
            key = hatch_key(Path(config.root), "build.targets.wheel.sbom-files")
            raise PlanError(
                f"{key}: {path} has the name of the SBOM that the multiarch hook writes",
                advice="rename it, or set tool.multiarch.sbom = false",
            )
