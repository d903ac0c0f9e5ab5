"""The line in .gitignore that keeps the output folder out of sdists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hatchling.builders.sdist import SdistBuilder

from hatch_multiarch.project import sdist_takes

NAME = ".gitignore"


@dataclass(frozen=True)
class Ignored:
    """A .gitignore that is to have one more line."""

    path: Path
    before: str
    """All of the file as it is; empty when there is none."""
    line: str

    @property
    def after(self) -> str:
        """The file with the line, in its own kind of line ends."""
        end = "\r\n" if "\r\n" in self.before else "\n"
        gap = end if self.before and not self.before.endswith("\n") else ""
        return f"{self.before}{gap}{self.line}{end}"


def ignored(root: Path, output: str) -> Ignored | None:
    """Return what hides the folder *output* of the project *root* from hatchling's sdist.

    None where it is hidden already, and where it is not for a .gitignore of the project's own to
    hide it: hatchling reads one file only (hatchling/builders/config.py, vcs_exclusion_files), and
    a new one would put that of a folder above, or a .hgignore, out of force.
    """
    try:
        config = SdistBuilder(str(root)).config
        if not sdist_takes(config, output):
            return None
        read = [Path(each) for files in config.vcs_exclusion_files.values() for each in files]
        path = root / NAME
        if read and path not in read:
            return None
        before = path.read_bytes().decode("utf-8") if read else ""
    except (OSError, ValueError, TypeError):  # a build that is broken says so itself
        return None
    return Ignored(path, before, f"/{output}/")
