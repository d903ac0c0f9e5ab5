"""One ``hatch build``: everything is made in staging folders, then moved into place."""

from __future__ import annotations

import os
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch import files, sbom, wheel
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.cache.cache_dir import exposed
from hatch_multiarch.compile import Compiled, compile_plan
from hatch_multiarch.console import Console
from hatch_multiarch.deflate import Streams
from hatch_multiarch.errors import ConfigError
from hatch_multiarch.files.epoch import read_epoch, timestamp
from hatch_multiarch.image.output_files import FILES
from hatch_multiarch.pipeline.clean import hide
from hatch_multiarch.project import sdist_takes
from hatch_multiarch.report import Clock, make_report, with_published, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_multiarch.engine import Binary
    from hatch_multiarch.pipeline.image import ImageBuild
    from hatch_multiarch.plan import Plan, WheelPlan


class Build:
    """One build of one plan, seen from hatchling's WheelBuilder *builder* writing to *dist*."""

    compiled: Compiled

    def __init__(self, plan: Plan, dist: Path, builder: Any) -> None:
        self.clock = Clock()
        self.plan = plan
        self.dist = dist
        self.builder = builder
        self.output = plan.project.root / plan.config.output
        self.console = Console(verbosity=builder.app.verbosity)
        self.image: ImageBuild | None = None
        self.added: list[dict[str, Any]] = []
        self.tags: list[str] = []

    def prepare(self, build_data: dict[str, Any]) -> None:
        """Compile, audit and assemble aside, then fill in the first wheel's *build_data*.

        Raises MultiarchError; nothing has a final name yet then.
        """
        epoch = read_epoch(os.environ)
        if self.output.resolve() == self.dist.resolve():
            raise ConfigError(
                [f"tool.multiarch.output: {self.plan.config.output} is the folder of the wheels"]
            )
        wheel.check_sources(self.builder.config, self.plan.project)
        if self.plan.config.sbom:
            sbom.check_names(self.builder.config, build_data)
        if self.plan.image is not None:
            from hatch_multiarch.pipeline.image import ImageBuild  # noqa: PLC0415 - 60 modules

            stem = self.builder.artifact_project_id
            self.image = ImageBuild(self.plan, self.plan.image, self.console, stem, epoch)
        ours = not self.output.exists()
        self.aside = files.stage(self.output)
        self.staged = files.stage(self.dist)
        if ours:
            hide(self.output)
        image_note = self.image.note if self.image else ""
        for note in (*self.plan.notes, image_note, exposed(os.environ)):
            if note:
                self.console.note(note)
        if self.plan.mode == "all" and self._sdist_takes_outputs():
            folder = self.plan.config.output
            self.console.warn(f"the next sdist would hold {folder}; add /{folder}/ to .gitignore")
        self.cache = BuildCache.of(os.environ)
        self.streams = Streams(self.aside / "streams", self.cache)
        self.archives = wheel.Archives(self.streams)
        try:
            self._compile(build_data, epoch)
        except BaseException:
            self.streams.close()  # what waits to be compressed would keep this process
            raise
        # hatchling writes its wheel to a temporary file and renames that; from another file
        # system the rename would be a copy, which a kill can cut in two.
        tempfile.tempdir = str(self.staged)

    def _compile(self, build_data: dict[str, Any], epoch: int) -> None:
        """Compile, audit and prepare the image; fill in *build_data*."""
        with self.console.build(self.plan.units) as progress:
            self.compiled = compile_plan(self.plan, progress, epoch, self.cache, self._compress)
        if self.image is not None:
            core = self.builder.metadata.core
            self.image.prepare(self.compiled, self.streams, self.aside, core)
        for each in self.plan.wheels:
            binaries = self.compiled.binaries
            aside, bill = self.aside / "locators", self._bill(each)
            self.added.append(wheel.contents(self.plan, each, binaries, aside, bill=bill))
            self.tags.append("" if self.plan.mode == "editable" else self.compiled.wheel_tag(each))
        wheel.merge(build_data, self.added[0], self.tags[0])
        self._keep_previous()
        if self.plan.mode != "editable":
            self.archives.on(self._helpers(self.plan.wheels[0]))

    def publish(self, build_data: dict[str, Any], artifact: str) -> None:
        """Make the remaining wheels from the first one's *build_data* and move all into place."""
        tempfile.tempdir = None
        self.archives.off()
        if self.plan.mode == "editable":
            return
        with closing(self.streams), self._rollback(Path(artifact)):
            wheel.check_tag(build_data, self.tags[0])
            paths = [Path(artifact), *self._more_wheels(build_data)]
            wheels = [
                wheel.BuiltWheel(
                    path=path,
                    platform=plan.platform.name,
                    tag=tag,
                    members=wheel.members(
                        self.plan.project, plan, self.builder.artifact_project_id
                    ),
                )
                for path, plan, tag in zip(paths, self.plan.wheels, self.tags, strict=True)
            ]
            for each, plan in zip(wheels, self.plan.wheels, strict=True):
                self.archives.finish(each.path, self._helpers(plan))
            wheel.check_rest(wheels)
            for each, plan in zip(wheels, self.plan.wheels, strict=True):
                facts = [self.compiled.facts[unit.id] for unit in plan.units]
                wheel.check_natives(each, plan, facts, self.staged)
            image = self.image.finish(wheels) if self.image else None
            report = make_report(self.plan, self.compiled, wheels, image, self.clock, self.cache)
            if self.image is not None:
                # Only what is proven goes where others see it; when that fails, nothing is left.
                report = with_published(report, self.image.publish())
        changed = self._place(paths, image.outputs if image else ())
        file = None
        if self.plan.mode == "all":
            file = self.output / f"{self.builder.artifact_project_id}.json"
            # A report that tells nothing new but how long it took is not worth the disk's time.
            write(report, file, lasting=changed)
        self.console.summary(report, self.plan.project.root, file)

    def _place(self, wheels: Sequence[Path], outputs: Sequence[Path]) -> bool:
        """Give wheels and image their final names; return whether the bytes of any are new.

        The first wheel has its name from hatchling. Raises PlanError.
        """
        first, *rest = wheels
        if files.same(self.previous, first):
            files.move(self.previous, first)  # with the time that it had
            changed = False
        else:
            files.sync(first)
            files.sync_folder(self.dist)
            changed = True
        for path in rest:
            changed |= files.place(path, self.dist / path.name)
        for path in outputs:
            # What an image's files are is also from when they are; blobs have no such time.
            times = path.name.endswith(FILES["local"])
            changed |= files.place(path, self.output / path.name, times=times)
        return changed

    def _compress(self, binary: Binary) -> None:
        """Begin to compress *binary*, while others are still compiled."""
        if self.plan.mode != "editable":
            self.streams.start(binary.path, binary.sha256)

    def _helpers(self, each: WheelPlan) -> dict[str, str]:
        """Return the helpers of a wheel: path in the zip -> sha256."""
        paths = wheel.members(self.plan.project, each, self.builder.artifact_project_id)
        binaries = self.compiled.binaries
        return {paths[unit.helper.name]: binaries[unit.id].sha256 for unit in each.units}

    def _bill(self, each: WheelPlan) -> tuple[str, str] | None:
        """Return the SBOM of a wheel, path and text; none where it holds no helper."""
        plan, project_id = self.plan, self.builder.artifact_project_id
        if not plan.config.sbom or not each.units or plan.mode == "editable":
            return None
        compiled, paths = self.compiled, wheel.members(plan.project, each, project_id)
        found = sbom.programs(each.units, compiled.binaries, compiled.facts, paths)
        # The day that stands in for a missing SOURCE_DATE_EPOCH would be a lie here.
        told = "SOURCE_DATE_EPOCH" in os.environ
        created = timestamp(read_epoch(os.environ)) if told else ""
        return sbom.member(project_id), sbom.cyclonedx(plan.project, found, created=created)

    def _more_wheels(self, build_data: dict[str, Any]) -> Iterator[Path]:
        shared = wheel.without(build_data, self.added[0])
        rest = zip(self.added[1:], self.tags[1:], self.plan.wheels[1:], strict=True)
        for added, tag, plan in rest:
            data = wheel.without(shared, {})
            wheel.merge(data, added, tag)
            self.archives.on(self._helpers(plan))
            try:
                yield Path(wheel.build_wheel(self.builder, data, self.staged))
            finally:
                self.archives.off()

    def _sdist_takes_outputs(self) -> bool:
        """Tell whether hatchling would put the output folder into an sdist."""
        from hatchling.builders.sdist import SdistBuilder  # noqa: PLC0415 - most builds need it not

        sdist = SdistBuilder(str(self.plan.project.root), metadata=self.builder.metadata)
        return sdist_takes(sdist.config, self.plan.config.output)

    def _keep_previous(self) -> None:
        """Keep the wheel that hatchling is about to replace, in case the others fail."""
        self.first = self.dist / f"{self.builder.artifact_project_id}-{self.tags[0]}.whl"
        self.previous = self.staged / "previous.whl"
        if self.first.is_file():
            files.link(self.first, self.previous)

    @contextmanager
    def _rollback(self, artifact: Path) -> Iterator[None]:
        """Put ``dist`` back to what it was when a later wheel or the proof fails."""
        try:
            yield
        except BaseException:
            # A hook that changed the tag has changed the name: then nothing was replaced.
            if self.previous.is_file() and artifact.name == self.first.name:
                files.move(self.previous, artifact)
            else:
                artifact.unlink(missing_ok=True)
            raise
