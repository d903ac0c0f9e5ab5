"""The docker that a build uses: buildx, the builder and its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.config import Output
from hatch_multiarch.docker.builders import inspect_builder
from hatch_multiarch.docker.drivers import check_outputs
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.docker.manage import builder_name
from hatch_multiarch.docker.node_selection import places
from hatch_multiarch.plan.plan import Docker
from hatch_multiarch.plan.planner import image_needs_buildkit, plan_platforms
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.config import Config
    from hatch_multiarch.plan.env_options import Switches
    from hatch_multiarch.plan.plan import Mode

DOCKERS_OWN = "default"
"""The builder that is docker itself (buildx: the docker driver, by the name of the context)."""


def find_docker(
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
