"""The file of a pipeline: its expected text, whether it may be written, and writing it.

Its first line names the command and the sha256 of all that follows, so that a file which a person
changed is told from one which is merely old.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_multiarch import files
from hatch_multiarch.ci import github, gitlab
from hatch_multiarch.ci.yaml import dump
from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.ci.pipeline import Pipeline

Kind = Literal["github", "gitlab"]
_MARK = re.compile(
    r"# Made by `hatch-multiarch ci (?:github|github --reusable|gitlab)` from \[tool\.multiarch\], "
    r"sha256:([0-9a-f]{64})\n"
)


@dataclass(frozen=True)
class PipelineFile:
    """A pipeline's file: as it should be, and as it is."""

    path: Path
    """Absolute."""
    text: str
    """What it should hold."""
    found: str | None
    """What it holds, with line ends as in *text*; None when there is no such file."""

    @property
    def stale(self) -> bool:
        """Whether it is not what it should be, or missing."""
        return self.found != self.text

    @property
    def edited(self) -> bool:
        """Whether it holds what we did not write: it has no mark, or not the text of its mark."""
        if self.found is None:
            return False
        mark = _MARK.match(self.found)
        return mark is None or mark[1] != _sha256(self.found[mark.end() :])


def pipeline_file(
    root: Path, kind: Kind, pipeline: Pipeline, *, reusable: bool = False
) -> PipelineFile:
    """Return the file of *pipeline* in the project *root*. Raises PlanError if unreadable.

    A *reusable* one is for GitHub, beside the other or instead of it.
    """
    command: str = kind
    if reusable:
        path, document = root / github.REUSABLE_PATH, github.workflow(pipeline, reusable=True)
        command = f"{kind} --reusable"
    elif kind == "github":
        path, document = root / github.PATH, github.workflow(pipeline)
    else:
        path, document = root / gitlab.PATH, gitlab.pipeline_file(pipeline)
    body = "".join(f"# {note}\n" for note in _notes(pipeline)) + dump(document)
    head = (
        f"# Made by `hatch-multiarch ci {command}` from [tool.multiarch], sha256:{_sha256(body)}\n"
    )
    try:
        # git may have written other line ends; they make no edit.
        found = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        found = None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}: cannot be read: {error}") from None
    return PipelineFile(path, head + body, found)


def write(file: PipelineFile, *, force: bool = False) -> None:
    """Write *file*, whole or not at all. Raises PlanError when a person changed it, unless *force*.

    A file that is not ours counts as changed.
    """
    if file.edited and not force:
        raise PlanError(
            f"{file.path}: was changed by hand, or is not ours, and is left as it is",
            advice="`--stdout` prints what it would be; `--force` overwrites it",
        )
    try:
        files.write(file.text, file.path)
    except OSError as error:
        raise PlanError(f"{file.path}: cannot be written: {error.strerror}") from None


def _notes(pipeline: Pipeline) -> list[str]:
    """Return what a reader of the file should know. Nothing in it is a user's word."""
    notes = ["Run that command again after changing the config; `--check` tells when it is stale."]
    if pipeline.apple:
        names = ", ".join(pipeline.apple)
        notes.append(f"{names}: a cgo helper needs Apple's SDK, so that a Mac builds it.")
    if pipeline.unpushed:
        notes.append(f"The image is not pushed: {pipeline.unpushed}.")
    return notes


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
