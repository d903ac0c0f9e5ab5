"""A Dockerfile of the project's own, with a stage behind it that takes the helpers out of one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from hatch_multiarch.engine.stage.dockerfile_text import exec_form

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HELPERS = "hatch-multiarch-helpers"
"""The name of that stage."""


def with_helpers(
    dockerfile: Path, target: str, folder: str, names: Iterable[str], work: Path
) -> Path:
    """Write to *work*, and return, a copy of *dockerfile* with the stage HELPERS.

    It has the files *names* that are in *folder* of the stage *target*, each at ``/``. BuildKit
    finds what to leave out of the context beside a Dockerfile, by its name.
    """
    ignored = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    if ignored.is_file():
        shutil.copyfile(ignored, work / "Dockerfile.dockerignore")
    lines = [dockerfile.read_text("utf-8"), f"FROM scratch AS {HELPERS}"]
    for name in dict.fromkeys(names):
        path = f"{folder}/{_optional(name)}"
        lines.append(f"COPY --from={target} {exec_form([path, '/'])}")
    made = work / "Dockerfile"
    made.write_text("\n".join([*lines, ""]), "utf-8")
    return made


def _optional(name: str) -> str:
    """Return a pattern of *name* alone: what it does not match is no error for BuildKit.

    A helper may be for some platforms only, or have another file name on Windows.
    """
    last = name[-1]
    return f"{name[:-1]}[{last}]" if last.isalnum() else name
