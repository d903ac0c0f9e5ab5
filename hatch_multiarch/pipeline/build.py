"""One ``hatch build``: everything is made in staging folders, then moved into place."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from hatch_multiarch.pipeline.wheels import WheelBuild
from hatch_multiarch.project import sdist_takes
from hatch_multiarch.report import Clock, make_report, with_published, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.compile import Compiled
    from hatch_multiarch.engine import Binary
    from hatch_multiarch.pipeline.image import ImageBuild
    from hatch_multiarch.plan import Plan


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


class Build:
    """One build of *plan*, by hatchling's WheelBuilder *builder*, whose wheels go to *dist*."""

    def __init__(self, plan: Plan, dist: Path, builder: Any, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._clock = Clock()
        self._plan = plan
        self._dist = dist
        self._builder = builder
        self._output = plan.project.root / plan.config.output
        self._console = Console(verbosity=builder.app.verbosity)

    def prepare(self, build_data: dict[str, Any]) -> Prepared:
        """Compile, audit and assemble aside, then fill in the first wheel's *build_data*.

        Raises MultiarchError; nothing has a final name yet then.
        """
        epoch = read_epoch(self._environ)
        self._check(build_data)
        image = self._image(epoch)
        ours = not self._output.exists()
        aside, staged = files.stage(self._output), files.stage(self._dist)
        if ours:
            hide(self._output)
        self._note(image)
        cache = BuildCache.of(self._environ)
        streams = Streams(aside / "streams", cache)
        try:
            compiled = self._compile(epoch, cache, streams)
            if image is not None:
                image.prepare(compiled, streams, aside, self._builder.metadata.core)
            wheels = WheelBuild(self._plan, self._builder, staged, streams)
            # The day that stands in for a missing SOURCE_DATE_EPOCH would be a lie in an SBOM.
            created = timestamp(epoch) if "SOURCE_DATE_EPOCH" in self._environ else ""
            added = wheels.prepare(compiled, aside / "locators", self._dist, created)
            wheel.merge(build_data, added[0], wheels.tag(compiled, self._plan.wheels[0]))
        except BaseException:
            streams.close()  # what waits to be compressed would keep this process
            raise
        return Prepared(cache, streams, compiled, image, wheels, added)

    def publish(self, prepared: Prepared, build_data: dict[str, Any], artifact: str) -> None:
        """Make the remaining wheels from the first one's *build_data* and move all into place."""
        prepared.wheels.end_first()
        with closing(prepared.streams), prepared.wheels.rollback(Path(artifact)):
            if self._plan.mode == "editable":
                return
            compiled, image = prepared.compiled, None
            wheels = prepared.wheels.finish(compiled, prepared.added, build_data, Path(artifact))
            if prepared.image is not None:
                image = prepared.image.finish(wheels)
            report = make_report(self._plan, compiled, wheels, image, self._clock, prepared.cache)
            if prepared.image is not None:
                # Only what is proven goes where others see it; when that fails, nothing is left.
                report = with_published(report, prepared.image.publish())
        changed = prepared.wheels.place(wheels, self._dist)
        changed |= self._place(image.outputs if image else ())
        file = None
        if self._plan.mode == "all":
            file = self._output / f"{self._builder.artifact_project_id}.json"
            # A report that tells nothing new but how long it took is not worth the disk's time.
            write(report, file, lasting=changed)
        self._console.summary(report, self._plan.project.root, file)

    def _check(self, build_data: dict[str, Any]) -> None:
        # Not Path.resolve, which raises for a link that leads to itself.
        if os.path.realpath(self._output) == os.path.realpath(self._dist):
            raise ConfigError(
                [f"tool.multiarch.output: {self._plan.config.output} is the folder of the wheels"]
            )
        wheel.check_sources(self._builder.config, self._plan.project)
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
        for note in (*self._plan.notes, image.note if image else "", exposed(self._environ)):
            if note:
                self._console.note(note)
        if self._plan.mode == "all" and self._sdist_takes_outputs():
            folder = self._plan.config.output
            self._console.warn(f"the next sdist would hold {folder}; add /{folder}/ to .gitignore")

    def _compile(self, epoch: int, cache: BuildCache, streams: Streams) -> Compiled:
        def compress(binary: Binary) -> None:
            """Begin to compress *binary*, while others are still compiled."""
            if self._plan.mode != "editable":
                streams.start(binary.path, binary.sha256)

        with self._console.build(self._plan.units) as progress:
            return compile_plan(self._plan, progress, epoch, cache, compress)

    def _place(self, outputs: Sequence[Path]) -> bool:
        """Give the image its final names; return whether the bytes of any are new."""
        changed = False
        for path in outputs:
            # What an image's files are is also from when they are; blobs have no such time.
            times = path.name.endswith(FILES["local"])
            changed |= files.place(path, self._output / path.name, times=times)
        return changed

    def _sdist_takes_outputs(self) -> bool:
        """Tell whether hatchling would put the output folder into an sdist."""
        from hatchling.builders.sdist import SdistBuilder  # noqa: PLC0415 - most builds need it not

        sdist = SdistBuilder(str(self._plan.project.root), metadata=self._builder.metadata)
        return sdist_takes(sdist.config, self._plan.config.output)
