"""The output folder: ignored by git, and cleaned of what builds left in it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.image.built import FILES
from hatch_multiarch.pipeline.journal import Journal
from hatch_multiarch.plan import slug
from hatch_multiarch.platforms import all_platforms

if TYPE_CHECKING:
    from pathlib import Path

ALL = "*\n"
"""The .gitignore that hides its whole folder."""


def hide(output: Path) -> None:
    """Hide the output folder from git, as virtual environments and caches do for themselves."""
    (output / ".gitignore").write_text(ALL, encoding="utf-8")


def _ours(mark: Path) -> bool:
    return mark.is_file() and mark.read_text("utf-8", errors="replace") == ALL


def clean(project_id: str, output: Path, dist: Path, *, keep_outputs: bool) -> None:
    """Remove what builds left in *output*: helpers, staging and, unless kept, image and report.

    ``project_id`` is hatchling's ``NAME-VERSION``; other files in the folder are the user's. The
    wheels in *dist* are hatchling's to remove; what killed builds left beside them is ours.
    """
    doomed = [output / "bin" / slug(each) for each in all_platforms()]
    files.unstage(output)
    files.unstage(dist)
    if not keep_outputs:
        ends = (".json", ".html", ".docker.tar", *FILES.values())
        doomed += [output / f"{project_id}{end}" for end in ends]
        doomed.append(Journal(dist, project_id).path)
        if _ours(output / ".gitignore"):
            doomed.append(output / ".gitignore")
    for path in doomed:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    for path in (output / "bin", output):
        with suppress(OSError):  # it holds something of the user's, or never was
            path.rmdir()
