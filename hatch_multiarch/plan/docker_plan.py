"""The docker that a build uses: buildx, the builder and its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.docker.builders import inspect_builder
from hatch_multiarch.docker.drivers import check_compiling, check_outputs
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.docker.manage import builder_name, own_builder
from hatch_multiarch.docker.node_selection import places
from hatch_multiarch.plan.image_plan import image_needs_buildkit
from hatch_multiarch.plan.plan_model import Docker
from hatch_multiarch.plan.planner import plan_platforms
from hatch_multiarch.platforms import lookup, match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.config import Config
    from hatch_multiarch.docker.node_selection import Place
    from hatch_multiarch.plan.env_options import Switches
    from hatch_multiarch.plan.plan_model import Mode


def find_docker(
    config: Config,
    project_name: str,
    mode: Mode,
    switches: Switches,
    environ: Mapping[str, str],
    *,
    bootstrap: bool,
    compiles: bool,
) -> Docker:
    """Return buildx, the builder and its places; without *compiles* it makes the image only.

    Raises EngineError and PlanError.
    """
    wanted = config.builder
    elsewhere = wanted is not None and wanted.driver in ("remote", "kubernetes")
    buildx = find_buildx(environ, daemon=not elsewhere)
    name = builder_name(wanted, project_name, environ)
    builder = inspect_builder(buildx, name, bootstrap=bootstrap)
    names = [platform.name for platform in plan_platforms(config, mode, switches)]
    found: tuple[Place, ...] = ()
    if compiles:
        mine = list(dict.fromkeys(part for name in names for part in _compiled(config, name)))
        check_compiling(builder, mine, cache_to=bool(config.stage.cache_to))
        found = places(builder, mine, config.strategy, starts=not bootstrap)
    maker, image = None, config.image
    if mode == "all" and image is not None and image_needs_buildkit(config, switches):
        if len(builder.nodes) > 1:
            # An archive of several nodes' work is more than buildx can; the image is put together
            # of finished files, for which docker's own BuildKit will do.
            maker = inspect_builder(buildx, own_builder(environ))
        check_outputs(
            maker or builder,
            [each for each in names if each.startswith("linux/")],
            {i: each for i, each in enumerate(image.outputs) if image.by_buildkit(each)},
            attested=image.sbom != "off" or image.provenance != "off",
        )
    return Docker(buildx, builder, found, maker)


def _compiled(config: Config, platform: str) -> tuple[str, ...]:
    """Return what BuildKit is asked for: *platform* or its parts; none if all is prebuilt."""
    row = lookup(platform)
    compiles = any(
        match(platform, helper.platforms) and not config.helper_on(helper.name, platform).prebuilt
        for helper in config.helpers
    )
    return ((row.parts if row else ()) or (platform,)) if compiles else ()
