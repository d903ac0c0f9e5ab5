"""What a pipeline needs from a project's pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import join
from typing import TYPE_CHECKING, Any

from hatch_multiarch.ci.needs import (
    archived,
    compiled_units,
    compiles_in_docker,
    goreleaser_folder,
    needing_a_mac,
    pushes_when_built,
    unpushed,
)
from hatch_multiarch.config import BuilderConfig, read_pyproject
from hatch_multiarch.docker.manage import configured_name
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan.env_options import Switches
from hatch_multiarch.plan.image_plan import image_needs_buildkit
from hatch_multiarch.registry import parse

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = "linux/amd64"
"""The platform of the one runner that builds."""


@dataclass(frozen=True)
class Pipeline:
    """One project's pipeline, whoever runs it."""

    linux: tuple[str, ...]
    """Platforms that the Linux runner builds."""
    apple: tuple[str, ...]
    """Platforms that only a Mac builds: a cgo helper there is compiled by Apple's own compiler."""
    image: tuple[str, ...]
    """Platforms of the image that is run and pushed; empty without one, or without its archive."""
    output: str
    """``tool.multiarch.output``: a user's path, so never a part of a script."""
    registry: str
    """Registry that the image is pushed to, as `docker login` names it; empty: it is not."""
    unpushed: str
    """Why it is not pushed; empty when it is, or when there is none."""
    history: bool
    """The project's version is computed, maybe from git: tags and history have to be there."""
    engine: str
    """Where the Linux runner compiles, when the config leaves it open (`auto`); else empty."""
    buildx: bool
    """The Linux job needs BuildKit: it compiles there, or writes an output of the image there."""
    loads: bool
    """The Linux job loads the image into docker."""
    builder: BuilderConfig | None
    """The builder that the job makes; None when it needs none, or takes the one that is there."""
    builder_name: str
    """Name of the builder."""
    emulates: tuple[str, ...]
    """Platforms that compile under QEMU: with the strategy that asks for it."""
    go_sum: str
    """A go.sum of the project, by which caches are named; a user's path."""
    goreleaser: str
    """Folder of GoReleaser, a user's path; empty when no helper is taken from there."""
    root_module: bool
    """There is a go.mod beside pyproject.toml."""

    @property
    def dist(self) -> str:
        """Folder of wheels and sdist; GoReleaser's own is usually called ``dist``."""
        return "packages" if self.goreleaser else "dist"

    @property
    def emulated(self) -> tuple[str, ...]:
        """Platforms of the image that the runner needs an emulator for."""
        return tuple(each for each in self.image if _foreign(each))

    @property
    def daemon(self) -> bool:
        """Whether the Linux job needs a docker beside it, and not its commands alone."""
        nodes = self.builder.nodes if self.builder else ()
        driver = self.builder.driver if self.builder else "docker"
        here = driver == "docker" or (
            driver == "docker-container" and not (nodes and all(node.endpoint for node in nodes))
        )
        # The image of several nodes' work is put together by docker's own BuildKit.
        return self.loads or bool(self.emulates) or (self.buildx and (here or len(nodes) > 1))


def read_pipeline(root: Path) -> Pipeline:
    """Return the pipeline of the project in folder *root*.

    Raises ConfigError for a config with mistakes, and PlanError for one that no pipeline can
    build: all is for a Mac, each build would push, or what is built would not pass its check.
    """
    config, document = read_pyproject(root / "pyproject.toml")
    apple = needing_a_mac(config)
    linux = tuple(each for each in config.platforms if each not in apple)
    for_image = tuple(each for each in linux if each.startswith("linux/"))
    if not linux:
        raise PlanError(
            "tool.multiarch.platforms: every platform has a cgo helper that needs a Mac, but the "
            "pipeline runs on Linux",
            advice="add a Linux platform",
        )
    if pushes_when_built(config):
        raise PlanError(
            "tool.multiarch.image.outputs: contains registry, so every build of a "
            "pull request would push",
            advice='set outputs = ["oci"]; the pipeline pushes the image for a tag',
        )
    if undescribed(document):
        raise PlanError(undescribed(document), advice=DESCRIBE)
    image = for_image if archived(config) else ()
    why = unpushed(config) if config.image is not None and for_image else ""
    project = document.get("project")
    table = project if isinstance(project, dict) else {}
    dynamic = table.get("dynamic")
    in_docker = compiles_in_docker(config, linux)
    buildx = in_docker or image_needs_buildkit(config, Switches())
    sources = (helper for helper, _ in compiled_units(config, linux))
    emulates = in_docker and config.strategy == "emulate"
    return Pipeline(
        linux=linux,
        apple=apple,
        image=image,
        output=config.output,
        registry=parse(config.image.name).registry if config.image and image and not why else "",
        unpushed=why,
        history=isinstance(dynamic, list) and "version" in dynamic,
        engine=("buildkit" if in_docker else "host") if config.engine == "auto" else "",
        buildx=buildx,
        loads=config.image is not None and any(each.loads for each in config.image.outputs),
        builder=config.builder if buildx else None,
        builder_name=configured_name(config.builder or BuilderConfig(), str(table.get("name"))),
        emulates=tuple(filter(_foreign, for_image)) if emulates else (),
        go_sum=next((join(each.source, "go.sum") for each in sources), "go.sum"),
        goreleaser=goreleaser_folder(config),
        root_module=(root / "go.mod").is_file(),
    )


def _foreign(platform: str) -> bool:
    """Tell whether the runner does not run a Linux *platform* by itself."""
    return platform not in (RUNNER, "linux/386")


DESCRIBE = 'write a README.md, and readme = "README.md" below [project]'


def undescribed(document: dict[str, Any]) -> str:
    """Return why `twine check --strict` would refuse the project of pyproject.toml, if it would."""
    project = document.get("project")
    if not isinstance(project, dict) or "readme" in project:
        return ""
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and "readme" in dynamic:
        return ""
    return "project.readme: missing; `twine check --strict` refuses wheels without a description"
