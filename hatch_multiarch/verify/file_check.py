"""Compares files with the report of their build, byte by byte, and the set of them too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.report.file_names import is_wheel, sdists
from hatch_multiarch.verify.outcome import Check
from hatch_multiarch.verify.report_rules import ENDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hatch_multiarch.verify.report_check import Shipped


@dataclass(frozen=True)
class Recorded:
    """What a report says of a file, or of all that is in a folder."""

    sha256: str | None
    """In hex; None where the build could not read all of it."""
    size: int | None = None
    """In bytes; None where it does not say."""
    folder: bool = False

    @property
    def shown(self) -> str:
        """The same in words."""
        size = f", {self.size} bytes" if self.size is not None else ""
        return f"{'a folder, ' if self.folder else ''}sha256 {self.sha256}{size}"


def check_file(path: Path, shipped: Shipped | None) -> Check:
    """Compare a wheel, an sdist or an output of the image with what the report says of it."""
    if shipped is None:
        return Check("report", "none", "there is no report of its build")
    told, report = shipped.recorded(path), shipped.path.name
    if told is None:
        return Check("report", "failed", f"{report} does not name it")
    if told.sha256 is None:
        return Check("report", "none", "not compared: the build could not read all of its files")
    try:
        folder = path.is_dir()
        sha256 = files.folder_digest(path) if folder else files.sha256(path)
        size = path.stat().st_size if told.size is not None else None
    except OSError as error:
        return Check("report", "failed", f"it cannot be read: {error.strerror}")
    found = Recorded(sha256, size, folder)
    if found == told:
        return Check("report", "ok", f"{report}: sha256 {sha256[:12]}...")
    return Check("report", "failed", f"{report} says {told.shown}; it is {found.shown}")


def check_set(
    shipped: Shipped,
    folder: Path,
    wanted: Callable[[str], bool],
    *,
    outputs: bool,
    others: frozenset[str] = frozenset(),
) -> tuple[Check, ...]:
    """Look whether *folder* holds what the build wrote, and nothing else of that version.

    *wanted* says which wheels are asked about; *outputs*: the image's files are too. Wheels of the
    *others* in a workspace are verified with them.
    """
    here = {each.name for each in folder.glob("*.whl")}
    mine = {each for each in here if is_wheel(each, shipped.stem)}
    present = {each for each in mine if wanted(each)}
    told = {each for each in shipped.wheels if wanted(each)}
    present |= {each.name for each in sdists(folder, shipped.stem)}
    told |= {shipped.sdist.file} if shipped.sdist is not None else set()
    problems = list(_differences(told, present))
    if outputs:
        has = {each.name for each in shipped.outputs if each.exists()}
        has |= {f"{shipped.stem}{end}" for end in ENDS if _exists(shipped, end)}
        made = {each.name for each in shipped.outputs}
        problems += _differences(made, has)
        told |= made
    if problems:
        return tuple(Check("files", "failed", each) for each in problems)
    said = f"{len(told)} of one build, no other of {shipped.stem}"
    if strange := sorted(here - mine - others):  # they would be uploaded too
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        said += f"; not verified: {strange[0]}{more}"
    return (Check("files", "ok", said),)


def _exists(shipped: Shipped, end: str) -> bool:
    return (shipped.path.parent / f"{shipped.stem}{end}").exists()


def _differences(told: set[str], present: set[str]) -> Iterator[str]:
    for name in sorted(told - present):
        yield f"{name} is missing"
    for name in sorted(present - told):
        yield f"{name} is not in the report: another build made it"
