"""The Dockerfile with which BuildKit assembles an image from scratch.

That is for who builds by hand (``hatch-multiarch dockerfile``), and for an inline cache, which
holds instructions; all else gets the finished image (image/buildkit.py).

    root-OS-ARCH     the files of one platform; a build puts the finished image in its place
    image-OS-ARCH    with what runs, as whom and where
    image            that of the platform that BuildKit is asked for

Free text reaches the Dockerfile as build arguments: what BuildKit puts in for ``$NAME`` it does
not read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.engine.stage import helpers_stage
from hatch_multiarch.engine.stage.dockerfile_text import exec_form
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.entrypoint import scratch_command
from hatch_multiarch.image.image_config import health_flags
from hatch_multiarch.image.items import helper_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.plan import ImagePlan, Unit
    from hatch_multiarch.platforms import Platform

_ARG = "HATCH_MULTIARCH_TEXT_"


def image_stages(plan: ImagePlan) -> str:
    """Return the stages that make the image of *plan* from the stages of its helpers.

    Raises ImageError when the program that the image is to run is not in it, and for a base.
    """
    if plan.config.base != "scratch":
        raise ImageError("tool.multiarch.image.base: BuildKit makes images from scratch only")
    lines = []
    for platform, units in plan.platforms:
        lines += [*_root(platform, units), "", *_image(plan, platform), ""]
    lines.append("FROM image-${TARGETOS}-${TARGETARCH}${TARGETVARIANT} AS image")
    return "\n".join(lines) + "\n"


def build_args(plan: ImagePlan) -> dict[str, str]:
    """Return the build arguments that the stages of *plan* take their texts from."""
    return {f"{_ARG}{number}": text for number, (_, text) in enumerate(_texts(plan))}


def root_stage(platform: Platform) -> str:
    """Return the name of the stage with the files of *platform*."""
    return helpers_stage(platform).replace("helpers-", "root-", 1)


def _root(platform: Platform, units: tuple[Unit, ...]) -> Iterator[str]:
    yield f"FROM scratch AS {root_stage(platform)}"
    for unit in units:
        paths = exec_form([f"/{unit.output.name}", f"/{helper_path(unit)}"])
        yield f"COPY --from={helpers_stage(platform)} {paths}"


def _image(plan: ImagePlan, platform: Platform) -> Iterator[str]:
    image, run = plan.config, scratch_command(plan)
    yield f"FROM scratch AS {root_stage(platform).replace('root-', 'image-', 1)}"
    yield f"COPY --from={root_stage(platform)} / /"
    for number, (instruction, _) in enumerate(_texts(plan)):
        yield f"ARG {_ARG}{number}"
        yield f'{instruction}"${{{_ARG}{number}}}"'
    if image.user:
        yield f"USER {image.user}"
    if image.ports:
        yield f"EXPOSE {' '.join(image.ports)}"
    if image.stop_signal:
        yield f"STOPSIGNAL {image.stop_signal}"
    if run.health:
        yield f"{health_flags(image)} {exec_form(run.health)}"
    if run.entrypoint:
        yield f"ENTRYPOINT {exec_form(run.entrypoint)}"
    if run.cmd:
        yield f"CMD {exec_form(run.cmd)}"
    if image.volumes:
        yield f"VOLUME {exec_form(image.volumes)}"


def _texts(plan: ImagePlan) -> Iterator[tuple[str, str]]:
    """Return what precedes each free text in the Dockerfile, and the text."""
    image = plan.config
    for name, text in image.env.items():
        yield f"ENV {name}=", text
    for name, text in sorted(image.labels.items()):
        yield f'LABEL "{name}"=', text
    if image.workdir:
        yield "WORKDIR ", image.workdir
