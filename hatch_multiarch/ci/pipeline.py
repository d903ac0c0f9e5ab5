"""What a pipeline needs from a project's pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch import __version__
from hatch_multiarch.config import read_pyproject
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan.units import chosen_compiler
from hatch_multiarch.platforms import lookup, match
from hatch_multiarch.registry import parse

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.config import Config

RUNNER = "linux/amd64"
"""The platform of the one runner that builds."""
DOCKER_HUB = "docker.io"


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

    @property
    def install(self) -> str:
        """The command that installs what the build job uses."""
        return f'python -m pip install "hatch-multiarch[docker]=={__version__}" hatch twine'

    @property
    def emulated(self) -> tuple[str, ...]:
        """Platforms of the image that the runner needs an emulator for."""
        return tuple(each for each in self.image if each not in (RUNNER, "linux/386"))


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
            "tool.multiarch.platforms: every platform has a cgo helper that needs a Mac, and the "
            "pipeline's runner is Linux",
            advice="add a Linux platform",
        )
    if pushes_when_built(config):
        raise PlanError(
            "tool.multiarch.image.outputs: has registry, so that each build of a pull request "
            "would push",
            advice='write outputs = ["oci"]; the pipeline itself pushes, on a tag',
        )
    if undescribed(document):
        raise PlanError(undescribed(document), advice=DESCRIBE)
    image = for_image if archived(config) else ()
    why = unpushed(config) if config.image is not None and for_image else ""
    project = document.get("project")
    dynamic = project.get("dynamic") if isinstance(project, dict) else None
    return Pipeline(
        linux=linux,
        apple=apple,
        image=image,
        output=config.output,
        registry=parse(config.image.name).registry if config.image and image and not why else "",
        unpushed=why,
        history=isinstance(dynamic, list) and "version" in dynamic,
    )


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


def needing_a_mac(config: Config) -> tuple[str, ...]:
    """Return the macOS platforms with a cgo helper whose ``compiler`` is Apple's own."""
    found = []
    for name in config.platforms:
        platform = lookup(name)
        if platform is None or platform.os != "darwin":
            continue
        rows = [row for row in map(lookup, platform.parts) if row is not None] or [platform]
        names = [each.name for each in config.helpers if match(name, each.platforms)]
        compiled = [each for each in names if not config.helper_on(each, name).prebuilt]
        parts = [(config.helper_on(each, row.name), row) for each in compiled for row in rows]
        if any(
            part.cgo and not part.prebuilt and _apples(chosen_compiler(part, row))
            for part, row in parts
        ):
            found.append(name)
    return tuple(found)


def _apples(command: str) -> bool:
    """Tell whether a compiler's *command* is one that only a Mac has; no other takes ``-arch``."""
    words = command.split()
    return words[0] == "xcrun" or "-arch" in words


def pushes_when_built(config: Config) -> bool:
    """Tell whether `hatch build` itself pushes the image."""
    return config.image is not None and any(
        each.type == "registry" for each in config.image.outputs
    )


def archived(config: Config) -> bool:
    """Tell whether a build leaves the image as an archive, which can be run and pushed later."""
    return config.image is not None and any(each.type == "oci" for each in config.image.outputs)


def unpushed(config: Config) -> str:
    """Return why the image of *config* cannot be pushed after the build; empty when it can."""
    if config.image is None:
        return "there is no [tool.multiarch.image]"
    if not archived(config):
        return "tool.multiarch.image.outputs has no oci, the archive that is run and pushed"
    reference = parse(config.image.name)
    if reference.registry == DOCKER_HUB and reference.path.startswith("library/"):
        return "tool.multiarch.image.name names no registry"
    return ""
