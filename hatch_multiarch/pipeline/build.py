"""One ``hatch build``: everything is made in staging folders, then moved into place."""

from __future__ import annotations

import atexit
import os
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.sdist import SdistBuilder

from hatch_multiarch import files, sbom, wheel
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.cache.cache_dir import exposed
from hatch_multiarch.compile import compile_plan
from hatch_multiarch.console import Console
from hatch_multiarch.deflate import Streams
from hatch_multiarch.errors import ConfigError
from hatch_multiarch.files.epoch import read_epoch, timestamp
from hatch_multiarch.image.output_files import FILES
from hatch_multiarch.pipeline.clean import hide
from hatch_multiarch.pipeline.journal import UNKNOWN, Journal
from hatch_multiarch.pipeline.other_hooks import other_hooks, refuse_tags, who_tags
from hatch_multiarch.pipeline.sdist_check import SdistCheck
from hatch_multiarch.pipeline.wheels import WheelBuild
from hatch_multiarch.project import sdist_takes
from hatch_multiarch.report import Clock, make_report, with_published, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.compile import Compiled
    from hatch_multiarch.engine import Binary
    from hatch_multiarch.pipeline.image import ImageBuild
    from hatch_multiarch.pipeline.wheels import Boundary
    from hatch_multiarch.plan import Plan
    from hatch_multiarch.report import Report


ANY_TAG = "py3-none-any"
"""Hatchling's tag of a wheel before a hook gives it another."""


@dataclass(frozen=True)
class Prepared:
    """A build whose binaries are made, and whose first wheel hatchling writes next."""

    cache: BuildCache
    streams: Streams
    compiled: Compiled
    image: ImageBuild | None
    wheels: WheelBuild
    added: list[dict[str, Any]]
    """What each wheel's build data needs beside hatchling's."""
    aside: Path
    """The staging folder for what is not a wheel."""
    staged: Path
    """The staging folder for wheels."""
    journal: Journal


class Build:
    """One build of *plan*, by hatchling's WheelBuilder *builder*, whose wheels go to *dist*."""

    def __init__(
        self,
        plan: Plan,
        dist: Path,
        builder: Any,
        environ: Mapping[str, str],
        boundary: Boundary = nullcontext,
    ) -> None:
        """Take *boundary* for what runs inside hatchling: it turns our errors into messages."""
        self._environ = environ
        self._boundary = boundary
        self._clock = Clock()
        self._plan = plan
        self._dist = dist
        self._builder = builder
        self._output = plan.project.root / plan.config.output
        self._console = Console(verbosity=builder.app.verbosity)
        self._others = other_hooks(builder, plan.config)

    def prepare(self, build_data: dict[str, Any]) -> Prepared:
        """Compile, audit and assemble aside, then fill in the first wheel's *build_data*.

        Raises MultiarchError; nothing has a final name yet then.
        """
        with files.refused(self._output):
            return self._prepare(build_data)

    def _prepare(self, build_data: dict[str, Any]) -> Prepared:
        epoch = read_epoch(self._environ)
        self._check(build_data)
        image = self._image(epoch)
        ours = not self._output.exists()
        files.sweep_temporary()
        aside, staged = files.stage(self._output), files.stage(self._dist)
        if ours:
            hide(self._output)
        self._note(image)
        journal = Journal(self._dist, self._builder.artifact_project_id)
        if journal and self._plan.mode == "all":
            self._console.warn(str(journal))
        cache = BuildCache.of(self._environ)
        streams = Streams(aside / "streams", cache)
        try:
            compiled = self._compile(epoch, cache, streams)
            if image is not None:
                image.prepare(compiled, streams, aside, self._builder.metadata.core)
            wheels = WheelBuild(self._plan, self._builder, staged, streams, self._boundary)
            # The day that stands in for a missing SOURCE_DATE_EPOCH would be a lie in an SBOM.
            created = timestamp(epoch) if "SOURCE_DATE_EPOCH" in self._environ else ""
            added = wheels.prepare(compiled, aside / "locators", self._dist, created)
            wheel.merge(build_data, added[0], wheels.tag(compiled, self._plan.wheels[0]))
            if self._plan.mode == "all":  # hatchling gives the first one its name
                journal.note({wheels.first: UNKNOWN}, staged, lasting=False)
                atexit.register(journal.settle)
        except BaseException:
            streams.close()  # what waits to be compressed would keep this process
            raise
        return Prepared(cache, streams, compiled, image, wheels, added, aside, staged, journal)

    def publish(self, prepared: Prepared, build_data: dict[str, Any], artifact: str) -> None:
        """Make the remaining wheels from the first one's *build_data* and move all into place."""
        with files.refused(self._dist), closing(prepared.streams):
            first = prepared.wheels.end_first(Path(artifact))
            if self._plan.mode == "editable":
                return
            report, staged = self._finish(prepared, build_data, first)
        with files.refused(self._dist):
            file = self._place(prepared, report, staged)
        self._console.summary(report, self._plan.project.root, file)

    def _finish(
        self, prepared: Prepared, build_data: dict[str, Any], first: Path
    ) -> tuple[Report, dict[Path, Path]]:
        """Return the report, and each output: where it is staged -> its final path."""
        compiled, image = prepared.compiled, None
        wheels = prepared.wheels.finish(compiled, prepared.added, build_data, first, self._others)
        staged = {each.path: self._dist / each.path.name for each in wheels}
        if prepared.image is not None:
            with files.writes_to(self._output):
                image = prepared.image.finish(wheels)
            staged |= {path: self._output / path.name for path in image.outputs}
        sdist = self._dist / f"{self._builder.artifact_project_id}.tar.gz"
        report = make_report(
            self._plan, compiled, wheels, image, self._clock, prepared.cache, sdist
        )
        if prepared.image is not None:
            # Only what is proven goes where others see it; when that fails, nothing is left.
            report = with_published(report, prepared.image.publish())
        return report, staged

    def _check(self, build_data: dict[str, Any]) -> None:
        # Not Path.resolve, which raises for a link that leads to itself.
        if os.path.realpath(self._output) == os.path.realpath(self._dist):
            raise ConfigError(
                [f"tool.multiarch.output: {self._plan.config.output} is the folder of the wheels"]
            )
        wheel.check_sources(self._builder.config, self._plan.project)
        if self._plan.mode != "editable":
            refuse_tags(self._others)
            wheel.check_tag(build_data, ANY_TAG, who_tags(self._others))
        bill = ""
        if self._plan.config.sbom:
            sbom.check_names(self._builder.config, build_data)
            bill = sbom.member(self._builder.artifact_project_id)
        wheel.check_paths(self._plan, self._builder, build_data, bill)

    def _image(self, epoch: int) -> ImageBuild | None:
        if self._plan.image is None:
            return None
        from hatch_multiarch.pipeline.image import ImageBuild  # noqa: PLC0415 - 60 modules

        stem = self._builder.artifact_project_id
        return ImageBuild(self._plan, self._plan.image, self._console, stem, epoch, self._environ)

    def _note(self, image: ImageBuild | None) -> None:
        """Tell what was decided for the user, and what the next sdist would take in."""
        for each in self._others:
            if each.later and self._plan.mode != "editable":  # the others have done what they do
                self._console.warn(f"{each.says}; {each.advice}")
        for note in (*self._plan.notes, image.note if image else "", exposed(self._environ)):
            if note:
                self._console.note(note)
        if self._plan.mode == "all" and self._sdist_takes_outputs():
            folder = self._plan.config.output
            self._console.warn(
                f"the next sdist would contain {folder}; add /{folder}/ to .gitignore"
            )

    def _compile(self, epoch: int, cache: BuildCache, streams: Streams) -> Compiled:
        sdist = SdistCheck(self._plan, self._environ, cache)

        def built(binary: Binary) -> None:
            """Begin to compress *binary*, while others are still compiled."""
            if self._plan.mode != "editable" and binary.unit in self._plan.units:
                streams.start(binary.path, binary.sha256)
            sdist.built(binary)

        with self._console.build(self._plan.engine_units) as progress:
            compiled = compile_plan(self._plan, progress, epoch, cache, built)
        document = self._builder.metadata.config
        for warning in (*compiled.warnings, *sdist.warnings(document, self._dist)):
            self._console.warn(warning)
        return compiled

    def _place(
        self, prepared: Prepared, report: Report, staged: Mapping[Path, Path]
    ) -> Path | None:
        """Give the outputs their final names, the report last; return where that is, if any."""
        moves = {path: final for path, final in staged.items() if not _same(path, final)}
        known = {each.file: each.sha256 for each in report.wheels}
        for each in report.image.outputs if report.image is not None else ():
            known[Path(each.path).name] = each.sha256 or ""
        new = {
            final: known.get(final.name) or files.fingerprint(path) or UNKNOWN
            for path, final in moves.items()
        }
        last = None
        if self._plan.mode == "all":
            aside = prepared.aside / f"{self._builder.artifact_project_id}.json"
            last = self._output / aside.name
            write(report, aside, lasting=False)
            prepared.journal.note(
                {**new, last: files.sha256(aside)}, prepared.staged, lasting=bool(moves)
            )
        for path, final in moves.items():
            files.place(path, final, times=True)
        if last is not None:
            # A report that tells nothing new but how long it took is not worth the disk's time.
            files.place(aside, last, lasting=bool(moves))
            prepared.journal.end()
        return last

    def _sdist_takes_outputs(self) -> bool:
        """Tell whether hatchling would put the output folder into an sdist."""
        sdist = SdistBuilder(str(self._plan.project.root), metadata=self._builder.metadata)
        return sdist_takes(sdist.config, self._plan.config.output)


def _same(staged: Path, final: Path) -> bool:
    # What an image's files are is also from when they are; blobs have no such time.
    return files.same(staged, final, times=final.name.endswith(FILES["local"]))
