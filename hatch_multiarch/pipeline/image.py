"""The image in a build: prepared before the wheels, finished and published after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_multiarch.image.archives import with_docker_archive
from hatch_multiarch.image.base import SCRATCH, find_base
from hatch_multiarch.image.builder import ImageBuilder
from hatch_multiarch.image.buildkit_image import BuildkitImage
from hatch_multiarch.image.docker_load import loading
from hatch_multiarch.image.package import requirements_of
from hatch_multiarch.pipeline.publish import publish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.cache.deflate import Streams
    from hatch_multiarch.engine.compile_plan import Compiled
    from hatch_multiarch.image.built import BuiltImage, Published
    from hatch_multiarch.plan import ImagePlan, Plan
    from hatch_multiarch.report.console import Console
    from hatch_multiarch.wheel import BuiltWheel


class ImageBuild:
    """The *image* of *plan*; *stem* is hatchling's ``NAME-VERSION``, *epoch* in seconds.

    Making one asks docker how it takes the image, where it is to get it, and looks whether the
    base has all platforms. Raises EngineError, PlanError, ImageError and RegistryError.
    """

    def __init__(
        self,
        plan: Plan,
        image: ImagePlan,
        console: Console,
        stem: str,
        epoch: int,
        environ: Mapping[str, str],
    ) -> None:
        self._plan = plan
        self._image = image
        self._console = console
        self._stem = stem
        self._epoch = epoch
        self._loading = loading(image, environ)
        platforms = [platform for platform, _ in image.platforms]
        base, root = image.config.base, plan.project.root
        self._base = find_base(base, root, environ, platforms, offline=image.offline)
        self._buildkit: BuildkitImage | None = None
        self._built: BuiltImage | None = None

    @property
    def note(self) -> str:
        """What was decided for the user and why; may be empty."""
        return self._loading.note if self._loading else ""

    def prepare(self, compiled: Compiled, streams: Streams, aside: Path, core: Any) -> None:
        """Do everything that can fail before there are wheels, in the folder *aside*.

        *streams* compresses the helpers; *core* is hatchling's metadata of the project. Raises
        ImageError, and RegistryError, ToolchainError, EngineError and CompileError of others.
        """
        self._compiled, self._streams, self._aside = compiled, streams, aside
        self._builder = self._prepared(core)
        if not self._builder.needs_wheels:
            self._built = self._made(())

    def finish(self, wheels: Sequence[BuiltWheel]) -> BuiltImage:
        """Return the image; with the package in it, that is from *wheels*. Raises ImageError."""
        if self._built is None:
            self._built = self._made(wheels)
        return self._built

    def publish(self) -> tuple[Published, ...]:
        """Give the image to docker and registries where the config says so."""
        if self._built is None:
            raise ValueError("an image is finished before it is published")
        return publish(
            self._image,
            self._built,
            self._loading,
            self._buildkit,
            aside=self._aside,
            epoch=self._epoch,
            console=self._console,
        )

    def _prepared(self, core: Any) -> ImageBuilder:
        project, config = self._plan.project, self._image.config
        builder = ImageBuilder(
            self._image, project, staging=self._aside, epoch=self._epoch, digest=self._base
        )
        binaries, facts = self._compiled.binaries, self._compiled.facts
        if config.base == SCRATCH:
            builder.prepare(binaries, facts)
            return builder
        extras = core.optional_dependencies
        needs = requirements_of(project.name, core.dependencies, extras, config.extras)
        platforms = [each.platform.name for each in self._plan.wheels]
        title = f"Reading {config.base} and fetching dependencies"
        with self._console.task(title) as doing:
            notes = builder.prepare(binaries, facts, needs, platforms, doing)
        for note in notes:
            self._console.note(note)
        return builder

    def _made(self, wheels: Sequence[BuiltWheel]) -> BuiltImage:
        binaries = self._compiled.binaries
        image = self._builder.build(wheels, binaries, self._stem, self._streams)
        return self._given_on(image)

    def _given_on(self, image: BuiltImage) -> BuiltImage:
        """Return *image* as BuildKit gives it on, where the config asks for that, or itself.

        Either with the archive for docker, if there is to be one.
        """
        docker = self._plan.docker
        if docker is not None and self._image.buildkit:
            self._buildkit = BuildkitImage(
                self._image, docker, staging=self._aside, epoch=self._epoch
            )
            image = self._buildkit.build(image, self._stem)
        target = self._aside / f"{self._stem}.docker.tar"
        return with_docker_archive(image, self._image, target, epoch=self._epoch)
