"""What a config needs of the machines that build it: a Mac, docker, a run of GoReleaser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.config import Stage
from hatch_multiarch.config.model import GORELEASER
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan.select_engine import only_here
from hatch_multiarch.plan.units import chosen_compiler
from hatch_multiarch.platforms import lookup, match
from hatch_multiarch.registry import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.config import Config, Helper

DOCKER_HUB = "docker.io"


def _units(config: Config, platforms: tuple[str, ...]) -> Iterator[tuple[Helper, str]]:
    """Yield each helper as it is on each of *platforms* that it is for, and the platform."""
    for platform in platforms:
        for helper in config.helpers:
            if match(platform, helper.platforms):
                yield config.helper_on(helper.name, platform), platform


def compiled_units(config: Config, platforms: tuple[str, ...]) -> Iterator[tuple[Helper, str]]:
    """Return those of them that are compiled, and not built elsewhere."""
    return (each for each in _units(config, platforms) if not each[0].prebuilt)


def compiles_in_docker(config: Config, platforms: tuple[str, ...]) -> bool:
    """Tell whether *platforms* are compiled by BuildKit.

    With `auto` they are where the config has more to say of docker than a default, or a helper
    needs what the builder stage installs: a runner's docker alone is no reason.
    """
    if config.engine != "auto":  # a build asks for docker then, whatever it compiles
        return config.engine == "buildkit"
    units = list(compiled_units(config, platforms))
    asked = config.builder is not None or config.stage != Stage() or config.strategy != "cross"
    return not only_here(config, "linux") and (
        (asked and bool(units))
        or any(
            helper.cgo and (helper.debian_packages or _compiler(helper, platform) == "gcc")
            for helper, platform in units
        )
    )


def _compiler(helper: Helper, platform: str) -> str:
    row = lookup(platform)
    return chosen_compiler(helper, row) if row is not None else ""


def goreleaser_folder(config: Config) -> str:
    """Return the folder of GoReleaser that helpers are taken from; empty without one.

    Raises PlanError when there are several: one run of GoReleaser fills one.
    """
    folders = {
        helper.prebuilt.removeprefix(GORELEASER): helper.name
        for helper, _ in _units(config, config.platforms)
        if helper.prebuilt.startswith(GORELEASER)
    }
    if len(folders) > 1:
        raise PlanError(
            f"tool.multiarch.helpers: prebuilt refers to several GoReleaser folders: "
            f"{', '.join(sorted(folders))}",
            advice="GoReleaser writes to one folder; use it for every helper",
        )
    return next(iter(folders), "")


def needing_a_mac(config: Config) -> tuple[str, ...]:
    """Return the macOS platforms with a cgo helper whose ``compiler`` is Apple's own."""
    found = []
    for name in config.platforms:
        platform = lookup(name)
        if platform is None or platform.os != "darwin":
            continue
        rows = [row for row in map(lookup, platform.parts) if row is not None] or [platform]
        compiled = [helper.name for helper, _ in compiled_units(config, (name,))]
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
        return "tool.multiarch.image.outputs doesn't contain oci, the archive that is pushed"
    reference = parse(config.image.name)
    if reference.registry == DOCKER_HUB and reference.path.startswith("library/"):
        return "tool.multiarch.image.name doesn't contain a registry"
    return ""
