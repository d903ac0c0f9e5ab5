"""A file of the project's that is changed: whole or not at all, and with the rights it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch import staging
from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path


def rewrite(path: Path, text: str) -> None:
    """Write *text* into the file *path*, aside and moved into place; a link to it stays one.

    A file that is not there is made, to be read by all.

    Raises PlanError for a file that is read-only, or a folder that cannot be written to.
    """
    path = path.resolve()
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
    if not mode & 0o222:  # renaming over it, and root, would not heed that
        raise PlanError(f"{path.name} is read-only", advice=f"allow it: chmod u+w {path.name}")
    try:
        staging.write(text, path, mode=mode)
    except OSError as error:
        raise PlanError(
            f"nothing can be written to the folder of {path.name}: {error.strerror}"
        ) from None
