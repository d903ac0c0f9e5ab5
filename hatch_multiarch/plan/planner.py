"""Computes the plan from config, platforms and environment."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.config import DOCKER_ARCHIVE, Image
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan.before import before_commands
from hatch_multiarch.plan.commit import commit_words, fill
from hatch_multiarch.plan.env_options import PREFIX
from hatch_multiarch.plan.mod_file import find_workspace
from hatch_multiarch.plan.plan import Choice, ImagePlan, Mode, Plan, Project, Unit, WheelPlan
from hatch_multiarch.plan.units import make_unit
from hatch_multiarch.plan.universal_unit import universal_unit
from hatch_multiarch.platforms import Platform, host, host_libc, lookup, match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.config import Config
    from hatch_multiarch.plan.env_options import Switches


def make_plan(
    project: Project,
    config: Config,
    mode: Mode,
    switches: Switches,
    choice: Choice = Choice(),  # noqa: B008 - frozen
) -> Plan:
    """Return what a build of *project* in *mode* would do; nothing is written.

    Git is asked for the commit where linker flags name it; nothing else is run.

    *choice* is the engine, as ``choose`` finds it; the default is this machine. Raises PlanError,
    with every problem in it, when the config asks for what cannot be built.
    """
    problems: list[str] = []
    notes: list[str] = []
    platforms = plan_platforms(config, mode, switches)
    problems.extend(_scripts_twice(project, config))
    words = commit_words(project.root, config, switches.epoch, problems)
    alone_on_musl = mode != "all" and host_libc() == "musl"
    owner = project.name if project.member else ""

    def make(name: str, platform: Platform) -> Unit | None:
        merged = config.helper_on(name, platform.name)
        merged = replace(merged, ldflags=fill(merged.ldflags, words))
        if platform.parts and not merged.prebuilt:
            joined = universal_unit(merged, platform, project.root / config.output / "bin", make)
            return joined and replace(joined, owner=owner)
        force_musl = alone_on_musl and platform == host()
        unit = make_unit(
            project, config, merged, platform, choice.engine, problems, notes, force_musl
        )
        if unit is not None and unit.compiler != "prebuilt":
            work = find_workspace(project.root, merged, switches.workspace, problems, notes)
            unit = replace(unit, workspace=work)
        return unit and replace(unit, owner=owner)

    found = [
        make(helper.name, platform)
        for platform in platforms
        for helper in config.helpers
        if match(platform.name, helper.platforms)
    ]
    units = [unit for unit in found if unit is not None]
    image = None
    if mode == "all" and not problems:
        image = _image(project, config, switches, platforms, units, problems, notes)
    wheels = _wheels(platforms, units, mode, image, problems, notes) if not problems else ()
    if problems:
        raise PlanError("\n".join(dict.fromkeys(problems)))
    return Plan(
        project=project,
        config=config,
        mode=mode,
        engine=choice.engine,
        units=tuple(units),
        wheels=wheels,
        image=image,
        before=before_commands(project.root, config, switches),
        docker=choice.docker,
        notes=tuple(dict.fromkeys((*choice.notes, *notes))),
    )


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


def plan_platforms(config: Config, mode: Mode, switches: Switches) -> list[Platform]:
    """Return the platforms of this build: the config's, the switch's, or the machine in hand."""
    chosen = switches.platforms
    if mode == "editable" or chosen == ("host",):
        return [host()]
    if mode == "one":
        # A front end takes one wheel: of the platform named, if just one is, else of this Python.
        single = chosen is not None and len(chosen) == 1 and chosen != ("all",)
        return [_row(chosen[0])] if chosen and single else [host()]
    names = config.platforms if chosen in (None, ("all",)) else chosen
    return [_row(name) for name in names or ()]


def _scripts_twice(project: Project, config: Config) -> list[str]:
    """Return a problem for each helper that an entry point of the project would overwrite."""
    tables = [(key, project.metadata.get(key)) for key in ("scripts", "gui-scripts")]
    return [
        f"tool.multiarch.helpers.{helper.name}.install: project.{key} has a script of that name, "
        'and installers keep only one of them; rename one, or install = "package"'
        for helper in config.helpers
        for key, table in tables
        if helper.install == "scripts" and isinstance(table, dict) and helper.stem in table
    ]


def _row(name: str) -> Platform:
    platform = lookup(name)
    if platform is None:  # the config and the switches let only known names pass
        raise PlanError(f"{name} is not a known platform")
    return platform


def _wheels(
    platforms: list[Platform],
    units: list[Unit],
    mode: Mode,
    image: ImagePlan | None,
    problems: list[str],
    notes: list[str],
) -> tuple[WheelPlan, ...]:
    wheels = []
    for platform in platforms:
        mine = tuple(unit for unit in units if unit.platform == platform)
        if mode == "editable":
            pass  # its tag is py3-none-any: it never leaves this machine
        elif not mine and (mode == "all" or platform != host()):
            problems.append(
                f"tool.multiarch.platforms: {platform.name} has no helper; remove it, or let a "
                "helper's platforms cover it"
            )
        elif not platform.taggable and image is None:
            problems.append(
                f"tool.multiarch.platforms: {platform.name} has no wheel tag that any installer "
                "accepts, so it can only be in an image (tool.multiarch.image)"
            )
        elif not platform.taggable:
            notes.append(f"{platform.name}: no wheel, because no tag exists for it; image only")
            continue
        elif not platform.index_accepts:
            notes.append(
                f"{platform.name}: package indexes do not accept its tag yet; the wheel is for "
                "direct installs"
            )
        wheels.append(WheelPlan(platform, mine))
    if not wheels:
        problems.append(
            "tool.multiarch.platforms: none of them has a wheel tag, so no wheel is left"
        )
    return tuple(wheels)


def _image(
    project: Project,
    config: Config,
    switches: Switches,
    platforms: list[Platform],
    units: list[Unit],
    problems: list[str],
    notes: list[str],
) -> ImagePlan | None:
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
        reference=image.name or re.sub(r"[-_.]+", "-", project.name).lower(),
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
