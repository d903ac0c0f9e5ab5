"""Plans the image of a build: its platforms, its tags, and what it lacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from hatch_multiarch.config import DOCKER_ARCHIVE, Image
from hatch_multiarch.plan.env_options import PREFIX
from hatch_multiarch.plan.plan_model import ImagePlan
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.config import Config
    from hatch_multiarch.plan.env_options import Switches
    from hatch_multiarch.plan.plan_model import Project, Unit
    from hatch_multiarch.platforms import Platform

LOCAL_BASE = "oci:"
"""Before the path of a base that is a file or a folder of the project."""


def in_registry(base: str) -> bool:
    """Tell whether a base is an image in a registry."""
    return base != "scratch" and not base.startswith(LOCAL_BASE)


def image_needs_buildkit(config: Config, switches: Switches) -> bool:
    """Tell whether the image has outputs, or the SBOM of a scanner, that only BuildKit makes."""
    image = config.image
    if image is None or switches.image is False:
        return False
    return image.scanned or any(map(image.by_buildkit, image.outputs))


def plan_image(
    project: Project,
    config: Config,
    switches: Switches,
    platforms: list[Platform],
    units: list[Unit],
    problems: list[str],
    notes: list[str],
) -> ImagePlan | None:
    """Return the plan of the image, None without one; what is wrong is added to *problems*."""
    if switches.image is False or (config.image is None and not switches.image):
        return None
    image = config.image or Image()
    wanted = image.helpers or tuple(helper.name for helper in config.helpers)
    parts = []
    for platform in platforms:
        if platform.os != "linux":
            continue
        mine = tuple(u for u in units if u.platform == platform and u.helper.name in wanted)
        if not mine:
            problems.append(
                f"tool.multiarch.image.helpers: none of {', '.join(wanted)} exists on "
                f"{platform.name}, so the image would be empty there"
            )
        if image.base == "scratch":
            # Without cgo a helper may be static all the same: the audit will tell.
            glibc = [unit for unit in mine if unit.libc.kind == "glibc" and unit.helper.cgo]
            problems.extend(_dynamic_on_scratch(unit) for unit in glibc)
        parts.append((platform, mine))
    problems.extend(_missing(project, image))
    if in_registry(image.base) and "@" not in image.base:
        notes.append(
            f"tool.multiarch.image.base: {image.base} may refer to another image later; "
            "`hatch-multiarch lock` writes its digest into pyproject.toml"
        )
    if not parts:
        notes.append("no image: this build has no Linux platform")
        return None
    names = [platform.name for platform, _ in parts]
    problems.extend(_several_for_docker(image, names))
    _left_out(image, names, config, switches, problems, notes)
    if any(each.type == "registry" for each in image.outputs) and "/" not in image.name:
        problems.append(
            f"tool.multiarch.image.name: {image.name or 'the default'} doesn't name a "
            "registry to push "
            'to; write one, such as "registry.example.com/team/greeter"'
        )
    # A tag may not hold `+` or `!`, which versions may; `_` is what others write instead.
    version = re.sub(r"[^A-Za-z0-9_.-]", "_", project.version)
    return ImagePlan(
        config=image,
        reference=image.name or canonicalize_name(project.name),
        tags=tuple(tag.replace("{version}", version) for tag in image.tags),
        platforms=tuple(parts),
        buildkit=image_needs_buildkit(config, switches),
        offline=switches.offline,
        fewer=switches.fewer_platforms,
    )


def _several_for_docker(image: Image, names: list[str]) -> Iterator[str]:
    """Yield a problem for an archive that would hold several platforms: older dockers load one."""
    for index, output in enumerate(image.outputs):
        mine = [name for name in names if match(name, output.platforms)]
        if output.type == DOCKER_ARCHIVE and len(mine) > 1:
            yield (
                f"tool.multiarch.image.outputs[{index}].platforms: {DOCKER_ARCHIVE} holds one "
                f"platform, and these are {', '.join(mine)}; write {{ type = "
                f'"{DOCKER_ARCHIVE}", platforms = "{mine[0]}" }}, or "oci" for all'
            )


def _left_out(
    image: Image,
    names: list[str],
    config: Config,
    switches: Switches,
    problems: list[str],
    notes: list[str],
) -> None:
    """Tell of each output whose tags get a part of the config's platforms only."""
    every = [name for name in config.platforms if name.startswith("linux/")]
    for index, output in enumerate(image.outputs):
        wanted = [name for name in every if match(name, output.platforms)]
        lost = [name for name in wanted if name not in names]
        if not lost or not any(match(name, output.platforms) for name in names):
            continue
        key, left = f"tool.multiarch.image.outputs[{index}]", ", ".join(lost)
        if output.type in ("docker", "image"):
            notes.append(f"{key}: the tags in docker will not name {left}, left out of this build")
        elif output.type == "registry" and not switches.fewer_platforms:
            problems.append(
                f"{key}: the tags would lose {left}, which this build leaves out; build all "
                f"platforms, or no image ({PREFIX}IMAGE=0), or allow it: --fewer-platforms, "
                f"{PREFIX}FEWER_PLATFORMS=1"
            )


def _missing(project: Project, image: Image) -> list[str]:
    """Return a problem for each file that the image is made of and that is not there."""
    named = {"requirements": image.requirements}
    if image.base.startswith(LOCAL_BASE):
        named["base"] = image.base.removeprefix(LOCAL_BASE)
    named |= {f'files."{target}"': source for target, source in image.files.items()}
    return [
        f"tool.multiarch.image.{key}: there is no {path}; paths are relative to pyproject.toml"
        for key, path in named.items()
        if path and not (project.root / path).exists()
    ]


def _dynamic_on_scratch(unit: Unit) -> str:
    way = f'set tool.multiarch.helpers.{unit.helper.name}.libc = "static"'
    if unit.helper.library:
        way = 'use a base with glibc, such as "python:3.13-slim"'
    return (
        f"tool.multiarch.image.base: {unit.helper.name} on {unit.platform.name} is linked against "
        f"glibc ({unit.libc}), which scratch doesn't contain; {way}, or exclude it with "
        "tool.multiarch.image.helpers"
    )
