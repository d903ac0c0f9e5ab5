"""Gives what builds have made its final names: that of several builds in one step, at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch import files
from hatch_multiarch.image.built import FILES
from hatch_multiarch.pipeline.journal import UNKNOWN
from hatch_multiarch.report.make import with_published, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.pipeline.image_build import ImageBuild
    from hatch_multiarch.pipeline.journal import Journal
    from hatch_multiarch.report.report_model import Report


@dataclass
class Finished:
    """A build whose outputs are made and proven, and stand aside."""

    report: Report
    outputs: Mapping[Path, Path]
    """Each output: where it is staged -> its final path."""
    image: ImageBuild | None
    journal: Journal
    aside: Path
    """A staging folder for what is not a wheel."""
    staged: Path
    """The staging folder for wheels."""
    final: Path | None
    """Where the report goes; None for a build that leaves none."""

    def publish(self) -> None:
        """Give the image to docker and registries."""
        if self.image is not None:
            self.report = with_published(self.report, self.image.publish())

    def begin(self) -> dict[Path, Path]:
        """Write the journal, and return the outputs that differ from what is there."""
        moves = {path: final for path, final in self.outputs.items() if not _same(path, final)}
        known = {each.file: each.sha256 for each in self.report.wheels}
        for each in self.report.image.outputs if self.report.image is not None else ():
            known[each.path.rpartition("/")[2]] = each.sha256 or ""
        new = {
            final: known.get(final.name) or files.fingerprint(path) or UNKNOWN
            for path, final in moves.items()
        }
        if self.final is not None:
            aside = self.aside / self.final.name
            write(self.report, aside, lasting=False)
            new[self.final] = files.sha256(aside)
            self.journal.note(new, self.staged, lasting=bool(moves))
        return moves

    def end(self, moves: Mapping[Path, Path]) -> None:
        """Give the outputs their final names, the report last."""
        for path, final in moves.items():
            files.place(path, final, times=True)
        if self.final is not None:
            # A report that tells nothing new but how long it took is not worth the disk's time.
            files.place(self.aside / self.final.name, self.final, lasting=bool(moves))
            self.journal.end()


def place_all(finished: Sequence[Finished]) -> None:
    """Publish the images of all builds, then move all outputs into place."""
    for each in finished:
        # Only what is proven goes where others see it; when that fails, nothing is left.
        each.publish()
    begun = [(each, each.begin()) for each in finished]
    for each, moves in begun:
        each.end(moves)


def _same(staged: Path, final: Path) -> bool:
    # What an image's files are is also from when they are; blobs have no such time.
    return files.same(staged, final, times=final.name.endswith(FILES["local"]))
