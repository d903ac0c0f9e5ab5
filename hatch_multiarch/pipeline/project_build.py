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
from hatch_multiarch.cache.deflate import Streams
from hatch_multiarch.engine.compile_plan import compile_plan
from hatch_multiarch.errors import ConfigError
from hatch_multiarch.files.epoch import read_epoch, timestamp
from hatch_multiarch.pipeline.clean import hide
from hatch_multiarch.pipeline.journal import UNKNOWN, Journal
from hatch_multiarch.pipeline.other_hooks import other_hooks, refuse_tags, who_tags
from hatch_multiarch.pipeline.place import Finished, place_all
from hatch_multiarch.pipeline.run_before import run_before
from hatch_multiarch.pipeline.sdist_build import sdist_warnings
from hatch_multiarch.pipeline.wheels import WheelBuild
from hatch_multiarch.project import sdist_takes
from hatch_multiarch.report.console import Console
from hatch_multiarch.report.make import Clock, make_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.engine import Binary
    from hatch_multiarch.engine.compile_plan import Compiled
    from hatch_multiarch.pipeline.image_build import ImageBuild
    from hatch_multiarch.pipeline.wheels import Boundary
    from hatch_multiarch.plan import Plan
    from hatch_multiarch.report.report_model import BeforeRecord


ANY_TAG = "py3-none-any"
"""Hatchling's tag of a wheel before a hook gives it another."""


@dataclass(frozen=True)
class Begun:
    """A build that has its staging folders, and compiles next."""

    cache: BuildCache
    streams: Streams
    image: ImageBuild | None
    aside: Path
    """The staging folder for what is not a wheel."""
    staged: Path
    """The staging folder for wheels."""
    journal: Journal


@dataclass(frozen=True)
class Prepared:
    """A build whose binaries are made, and whose first wheel hatchling writes next."""

    begun: Begun
    compiled: Compiled
    wheels: WheelBuild
    added: list[dict[str, Any]]
    """What each wheel's build data needs beside hatchling's."""


class Build:
    """One build of *plan*, by hatchling's WheelBuilder *builder*, whose wheels go to *dist*.

    In a workspace, each build is begun, then the helpers of all are compiled (``compiled``), and
    hatchling builds one project after the other; ``place_all`` ends what is *finished*.
    """

    def __init__(
        self,
        plan: Plan,
        dist: Path,
        builder: Any,
        environ: Mapping[str, str],
        boundary: Boundary = nullcontext,
        sdists: Path | None = None,
    ) -> None:
        """Take *boundary* for what runs inside hatchling: it turns our errors into messages.

        The sdist that belongs to the wheels is in *sdists*, by default beside them.
        """
        self.plan = plan
        self.compiled: Compiled | None = None
        """The binaries, where others are compiled with them."""
        self.finished: Finished | None = None
        """What is not moved into place, where others are built with it."""
        self.console = Console(verbosity=builder.app.verbosity)
        self._environ = environ
        self._boundary = boundary
        self._clock = Clock()
        self._dist = dist
        self._sdists = sdists or dist
        self._builder = builder
        self._output = plan.project.root / plan.config.output
        self._others = other_hooks(builder, plan.config)
        self._begun: Begun | None = None
        self._before: tuple[BeforeRecord, ...] = ()

    def prepare(self, build_data: dict[str, Any]) -> Prepared:
        """Compile, audit and assemble aside, then fill in the first wheel's *build_data*.

        Raises MultiarchError; nothing has a final name yet then.
        """
        with files.refused(self._output):
            begun = self._begun
            if begun is None:
                self._check(build_data)
                begun = self.begin()
            try:
                if self._before or self.plan.project.member:  # that may have added files
                    self._check(build_data)
                return self._prepare(begun, build_data)
            except BaseException:
                begun.streams.close()  # what waits to be compressed would keep this process
                raise

    def begin(self) -> Begun:
        """Run what runs before, make the staging folders and look at the image's base."""
        self._epoch = read_epoch(self._environ)
        plan = self.plan
        self._before = run_before(
            plan.project.root, plan.config, plan.before, self._environ, self.console
        )
        image = self._image(self._epoch)
        ours = not self._output.exists()
        files.sweep_temporary()
        aside, staged = files.stage(self._output), files.stage(self._dist)
        if ours:
            hide(self._output)
        self._note(image)
        journal = Journal(self._dist, self._builder.artifact_project_id)
        if journal and self.plan.mode == "all":
            self._warn(str(journal))
        cache = BuildCache.of(self._environ)
        streams = Streams(aside / "streams", cache)
        self._begun = Begun(cache, streams, image, aside, staged, journal)
        return self._begun

    def built(self, binary: Binary) -> None:
        """Begin to compress *binary*, while others are still compiled."""
        if self._begun is None:
            raise ValueError("a build is begun before it compiles")
        if self.plan.mode != "editable" and binary.unit in self.plan.units:
            self._begun.streams.start(binary.path, binary.sha256)

    def _prepare(self, begun: Begun, build_data: dict[str, Any]) -> Prepared:
        image, streams, staged = begun.image, begun.streams, begun.staged
        compiled = self.compiled or self._compile(begun.cache)
        document = self._builder.metadata.config
        sources = compiled.sources
        lacking = sdist_warnings(self.plan, sources, document, self._sdists)
        for warning in (*sources.cgo_warnings(), *lacking):
            self._warn(warning)
        if image is not None:
            image.prepare(compiled, streams, begun.aside, self._builder.metadata.core)
        wheels = WheelBuild(self.plan, self._builder, staged, streams, self._boundary)
        # The day that stands in for a missing SOURCE_DATE_EPOCH would be a lie in an SBOM.
        created = timestamp(self._epoch) if "SOURCE_DATE_EPOCH" in self._environ else ""
        added = wheels.prepare(compiled, begun.aside / "locators", self._dist, created)
        wheel.merge(build_data, added[0], wheels.tag(compiled, self.plan.wheels[0]))
        if self.plan.mode == "all":  # hatchling gives the first one its name
            begun.journal.note({wheels.first: UNKNOWN}, staged, lasting=False)
            atexit.register(begun.journal.settle)
        return Prepared(begun, compiled, wheels, added)

    def publish(self, prepared: Prepared, build_data: dict[str, Any], artifact: str) -> None:
        """Make the remaining wheels from the first one's *build_data* and move all into place.

        Where others are built together with it, the move is theirs too.
        """
        with files.refused(self._dist), closing(prepared.begun.streams):
            first = prepared.wheels.end_first(Path(artifact))
            if self.plan.mode == "editable":
                return
            finished = self._finish(prepared, build_data, first)
        if self.plan.project.member:
            self.finished = finished
            return
        with files.refused(self._dist):
            place_all([finished])
        self.console.summary(finished.report, self.plan.project.root, finished.final)

    def _finish(self, prepared: Prepared, build_data: dict[str, Any], first: Path) -> Finished:
        """Make all outputs, prove them, and return what is left to do."""
        compiled, begun, image = prepared.compiled, prepared.begun, None
        wheels = prepared.wheels.finish(compiled, prepared.added, build_data, first, self._others)
        staged = {each.path: self._dist / each.path.name for each in wheels}
        if begun.image is not None:
            with files.writes_to(self._output):
                image = begun.image.finish(wheels)
            staged |= {path: self._output / path.name for path in image.outputs}
        stem = self._builder.artifact_project_id
        sdist = self._sdists / f"{stem}.tar.gz"
        report = make_report(
            self.plan, compiled, wheels, image, self._clock, begun.cache, sdist, self._before
        )
        if self._sdists != self._dist and report.sdist is not None:
            staged[self._sdists / report.sdist.file] = self._dist / report.sdist.file
        final = self._output / f"{stem}.json" if self.plan.mode == "all" else None
        return Finished(
            report, staged, begun.image, begun.journal, begun.aside, begun.staged, final
        )

    def _check(self, build_data: dict[str, Any]) -> None:
        # Not Path.resolve, which raises for a link that leads to itself.
        if os.path.realpath(self._output) == os.path.realpath(self._dist):
            raise ConfigError(
                [f"tool.multiarch.output: {self.plan.config.output} is the folder of the wheels"]
            )
        if wheel.locator.wanted(self.plan.config, self._builder.config):
            wheel.check_sources(self._builder.config, self.plan.project)
        if self.plan.mode != "editable":
            refuse_tags(self._others)
            wheel.check_tag(build_data, ANY_TAG, who_tags(self._others))
        bill = ""
        if self.plan.config.sbom:
            sbom.check_names(self._builder.config, build_data)
            bill = sbom.member(self._builder.artifact_project_id)
        wheel.check_paths(self.plan, self._builder, build_data, bill)

    def _image(self, epoch: int) -> ImageBuild | None:
        if self.plan.image is None:
            return None
        from hatch_multiarch.pipeline.image_build import ImageBuild  # noqa: PLC0415 - 60 modules

        stem = self._builder.artifact_project_id
        return ImageBuild(self.plan, self.plan.image, self.console, stem, epoch, self._environ)

    def _note(self, image: ImageBuild | None) -> None:
        """Tell what was decided for the user, and what the next sdist would take in."""
        for each in self._others:
            if each.later and self.plan.mode != "editable":  # the others have done what they do
                self._warn(f"{each.says}; {each.advice}")
        notes = [image.note] if image else []
        if not self.plan.project.member:  # what is said of all packages is said once
            notes = [*self.plan.notes, *notes, exposed(self._environ)]
        for note in notes:
            if note:
                self.console.note(self._of + note)
        if self.plan.mode == "all" and self._sdist_takes_outputs():
            folder = self.plan.config.output
            self._warn(f"the next sdist would contain {folder}; add /{folder}/ to .gitignore")

    def _compile(self, cache: BuildCache) -> Compiled:
        with self.console.build(self.plan.engine_units) as progress:
            return compile_plan(self.plan, progress, self._epoch, cache, self.built)

    def _warn(self, text: str) -> None:
        self.console.warn(self._of + text)

    @property
    def _of(self) -> str:
        """What lines begin with, where several projects are built."""
        return f"{self.plan.project.name}: " if self.plan.project.member else ""

    def _sdist_takes_outputs(self) -> bool:
        """Tell whether hatchling would put the output folder into an sdist."""
        sdist = SdistBuilder(str(self.plan.project.root), metadata=self._builder.metadata)
        return sdist_takes(sdist.config, self.plan.config.output)
