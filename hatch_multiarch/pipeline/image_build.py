"""The image in a build: prepared before the wheels, finished and published after them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.image.archives import with_docker_archive
from hatch_multiarch.image.base import SCRATCH, find_base
from hatch_multiarch.image.buildkit_image import BuildkitImage
from hatch_multiarch.image.built import Published
from hatch_multiarch.image.docker_load import load, loading
from hatch_multiarch.image.image_builder import ImageBuilder
from hatch_multiarch.image.package import requirements_of
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.cache.deflate import Streams
    from hatch_multiarch.engine.compile_plan import Compiled
    from hatch_multiarch.image.built import BuiltImage
    from hatch_multiarch.image.docker_load import Loading
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


def publish(
    plan: ImagePlan,
    image: BuiltImage,
    loading: Loading | None,
    buildkit: BuildkitImage | None,
    *,
    aside: Path,
    epoch: int,
    console: Console,
) -> tuple[Published, ...]:
    """Give *image* to whoever is to get it; what others see goes last.

    *loading* is what docker gets, *buildkit* what gives the image on that BuildKit makes. Raises
    EngineError of docker and of BuildKit, RegistryError and ImageError of our own.
    """
    published: list[Published] = []
    if buildkit is not None:
        published += buildkit.publish(registry=False)
    if loading is not None:
        with console.task(f"Loading {plan.reference} into docker"):
            published += load(loading, image, plan, aside=aside, environ=os.environ, epoch=epoch)
    if buildkit is not None:
        _check_tags(plan, console)
        published += buildkit.publish(registry=True)
    return (*published, *_push(plan, image, console))


def _check_tags(plan: ImagePlan, console: Console) -> None:
    """See that no tag loses platforms by BuildKit's push. Raises RegistryError."""
    from hatch_multiarch.registry import parse  # noqa: PLC0415 - few builds push
    from hatch_multiarch.registry.tag_platforms import LosingError, check_repository  # noqa: PLC0415 - the same

    for output in plan.config.outputs:
        if output.type != "registry" or not plan.config.by_buildkit(output) or plan.fewer:
            continue
        mine = [p.name for p, _ in plan.platforms if match(p.name, output.platforms)]
        try:
            check_repository(parse(plan.reference), plan.tags, mine, os.environ)
        except LosingError:
            raise
        except RegistryError as error:  # the builder may have a network of its own
            console.warn(f"which platforms {plan.reference} has is not known: {error.message}")


def _push(plan: ImagePlan, image: BuiltImage, console: Console) -> tuple[Published, ...]:
    config = plan.config
    if all(each.type != "registry" or config.by_buildkit(each) for each in config.outputs):
        return ()
    from hatch_multiarch.image.inspect import content, inspect_archive, open_image  # noqa: PLC0415 - few builds push
    from hatch_multiarch.registry import parse, push  # noqa: PLC0415 - the same

    reference = parse(plan.reference)
    with (
        console.task(f"Pushing {plan.reference}") as doing,
        open_image(image.proven[0]) as archive,
    ):
        [found] = inspect_archive(archive).images
        whole = content(archive, found)
        given = (whole, reference, plan.tags, os.environ)
        pushed = push(*given, fewer=plan.fewer, doing=doing)
    return tuple(
        Published("registry", f"{plan.reference}:{each.tag}", pushed.digest) for each in pushed.tags
    )
