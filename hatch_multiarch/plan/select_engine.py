"""Selects the engine before anything is planned, by asking docker.

A front end (pip, uv, build) compiles one helper for the machine in hand, whose user may have no
docker: there `auto` is this machine. The Hatch CLI builds for every platform.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.errors import EngineError, PlanError
from hatch_multiarch.plan.image_plan import image_needs_buildkit
from hatch_multiarch.plan.plan_model import Choice
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.config import Config
    from hatch_multiarch.plan.env_options import Switches
    from hatch_multiarch.plan.plan_model import Docker, Mode


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

    def find(*, compiles: bool) -> Docker:
        from hatch_multiarch.plan.docker_plan import find_docker  # noqa: PLC0415 - few builds ask docker

        return find_docker(
            config,
            project_name,
            mode,
            switches,
            environ,
            bootstrap=bootstrap,
            compiles=compiles,
        )

    wanted = switches.engine or config.engine
    image = mode == "all" and image_needs_buildkit(config, switches)
    if wanted == "auto" and (mode != "all" or (reason := only_here(config))):
        note = "" if mode != "all" else f"compiled on this machine, not by BuildKit: {reason}"
        choice = Choice(notes=(note,) if note else ())
    elif wanted == "host":
        choice = Choice()
    else:
        try:
            return Choice("buildkit", find(compiles=True))
        except (EngineError, PlanError) as error:
            # Who installs from an sdist need not have docker because its maintainers do.
            if wanted != "auto" and (mode == "all" or switches.engine):
                raise
            if mode == "all" and _needs_stage(config):
                raise  # this machine would fail too, and say less of why
            first = error.message.partition("\n")[0]
            note = f"compiled on this machine, not by BuildKit: {first}"
            choice = Choice(notes=(note,))
    if image:
        # The image is BuildKit's to make, whoever compiles.
        choice = replace(choice, docker=find(compiles=False))
    return choice


def _needs_stage(config: Config) -> bool:
    """Tell whether a helper needs what only the builder stage has."""
    return any(
        config.helper_on(helper.name, platform).debian_packages
        for helper in config.helpers
        for platform in config.platforms
        if match(platform, helper.platforms)
    )


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
                return f"tool.multiarch.helpers.{helper.name}.compiler is a command"
    return ""
