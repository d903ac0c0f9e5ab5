"""Which engine compiles: found out before anything is planned, by asking docker.

A front end (pip, uv, build) compiles one helper for the machine in hand, whose user may have no
docker: there `auto` is this machine. The Hatch CLI builds for every platform.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.buildx.builders import inspect_builder
from hatch_multiarch.buildx.drivers import check_outputs
from hatch_multiarch.buildx.find import find_buildx
from hatch_multiarch.buildx.manage import builder_name
from hatch_multiarch.buildx.places import places
from hatch_multiarch.config import Output
from hatch_multiarch.errors import EngineError, PlanError
from hatch_multiarch.plan.make import image_needs_buildkit, plan_platforms
from hatch_multiarch.plan.records import Choice, Docker
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.config import Config
    from hatch_multiarch.plan.records import Mode
    from hatch_multiarch.plan.switches import Switches


def choose(
    config: Config,
    project_name: str,
    mode: Mode,
    switches: Switches,
    environ: Mapping[str, str],
    *,
    bootstrap: bool = False,
) -> Choice:
    """Return the engine for a build; asks docker unless it is this machine for sure.

    *bootstrap* starts the nodes of a builder that stand still, as a build is about to.

    Raises EngineError when the engine asked for does not work, and PlanError when its builder
    cannot do what is asked.
    """
    wanted = switches.engine or config.engine
    image = mode == "all" and image_needs_buildkit(config, switches)
    if wanted == "auto" and (mode != "all" or (reason := only_here(config))):
        note = "" if mode != "all" else f"compiled on this machine, not by BuildKit: {reason}"
        choice = Choice(notes=(note,) if note else ())
    elif wanted == "host":
        choice = Choice()
    else:
        try:
            docker = _docker(config, project_name, mode, switches, environ, bootstrap=bootstrap)
            return Choice("buildkit", docker)
        except (EngineError, PlanError) as error:
            # Who installs from an sdist need not have docker because its maintainers do.
            if wanted != "auto" and (mode == "all" or switches.engine):
                raise
            first = error.message.partition("\n")[0]
            note = f"compiled on this machine, not by BuildKit: {first}"
            choice = Choice(notes=(note,))
    if image:
        # The image is BuildKit's to make, whoever compiles.
        docker = _docker(config, project_name, mode, switches, environ, bootstrap=bootstrap)
        choice = replace(choice, docker=replace(docker, places=()))
    return choice


def only_here(config: Config, system: str = sys.platform) -> str:
    """Return why only this machine, of ``sys.platform`` *system*, can compile; or nothing."""
    for helper in config.helpers:
        apple = [name for name in config.platforms if name.startswith("darwin/")]
        if helper.cgo and system == "darwin" and any(match(p, helper.platforms) for p in apple):
            return f"tool.multiarch.helpers.{helper.name}.cgo for macOS needs this Mac's SDK"
        choices = helper.compiler
        values = choices.values() if isinstance(choices, dict) else (choices,)
        for choice in values:
            if choice not in ("auto", "zig", "gcc"):
                return f"tool.multiarch.helpers.{helper.name}.compiler is a command of its own"
    return ""


DOCKERS_OWN = "default"
"""The builder that is docker itself (buildx: the docker driver, by the name of the context)."""


def _docker(
    config: Config,
    project_name: str,
    mode: Mode,
    switches: Switches,
    environ: Mapping[str, str],
    *,
    bootstrap: bool,
) -> Docker:
    """Return buildx, the builder and its places. Raises EngineError and PlanError."""
    wanted = config.builder
    elsewhere = wanted is not None and wanted.driver in ("remote", "kubernetes")
    buildx = find_buildx(environ, daemon=not elsewhere)
    name = builder_name(wanted, project_name, environ)
    builder = inspect_builder(buildx, name, bootstrap=bootstrap)
    names = [platform.name for platform in plan_platforms(config, mode, switches)]
    found = places(builder, [each for each in names if _compiles(config, each)], config.strategy)
    linux = [name for name in names if name.startswith("linux/")]
    maker = None
    if mode == "all" and config.image is not None and image_needs_buildkit(config, switches):
        if len(builder.nodes) > 1:
            # An archive of several nodes' work is more than buildx can; the image is put together
            # of finished files, for which docker's own BuildKit will do.
            maker = inspect_builder(buildx, DOCKERS_OWN)
        check_outputs(
            maker or builder,
            linux,
            # An archive is made in any case, for the proof.
            (*config.image.outputs, Output("oci")),
            attested=config.image.sbom != "off" or config.image.provenance != "off",
            cache_to=bool(config.stage.cache_to),
        )
    return Docker(buildx, builder, found, maker)


def _compiles(config: Config, platform: str) -> bool:
    """Tell whether BuildKit is asked for *platform*: some helper of it is not prebuilt."""
    return any(
        match(platform, helper.platforms) and not config.helper_on(helper.name, platform).prebuilt
        for helper in config.helpers
    )
