"""Computes the plan from config, platforms and environment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.config import Libc
from hatch_multiarch.config.messages import printable
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan.before import before_commands
from hatch_multiarch.plan.commit import commit_words, fill
from hatch_multiarch.plan.image_plan import plan_image
from hatch_multiarch.plan.mod_file import find_workspace
from hatch_multiarch.plan.plan_model import Choice, ImagePlan, Mode, Plan, Project, Unit, WheelPlan
from hatch_multiarch.plan.units import make_unit, slug
from hatch_multiarch.platforms import Platform, host, host_libc, lookup, match

if TYPE_CHECKING:
    from hatch_multiarch.config import Config, Helper
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
    found = _Units(project, config, mode, switches, choice, problems, notes)
    units = found.on(platforms)
    image = None
    if mode == "all" and not problems:
        image = plan_image(project, config, switches, platforms, units, problems, notes)
    wheels = _wheels(platforms, units, mode, image, problems, notes) if not problems else ()
    if problems:
        raise PlanError("\n".join(map(printable, dict.fromkeys(problems))))
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


class _Units:
    """Plans the units of a build; adds what is wrong to *problems*, and decisions to *notes*."""

    def __init__(
        self,
        project: Project,
        config: Config,
        mode: Mode,
        switches: Switches,
        choice: Choice,
        problems: list[str],
        notes: list[str],
    ) -> None:
        self._project = project
        self._config = config
        self._switches = switches
        self._engine = choice.engine
        self._problems = problems
        self._notes = notes
        self._words = commit_words(project.root, config, switches.epoch, problems)
        self._alone_on_musl = mode != "all" and host_libc() == "musl"

    def on(self, platforms: list[Platform]) -> list[Unit]:
        """Return the units of all helpers on *platforms*, platform by platform."""
        found = [
            self._unit(helper.name, platform)
            for platform in platforms
            for helper in self._config.helpers
            if match(platform.name, helper.platforms)
        ]
        return [unit for unit in found if unit is not None]

    def _unit(self, name: str, platform: Platform) -> Unit | None:
        """Return the unit of the helper *name* on *platform*, or None after a problem."""
        project = self._project
        helper = self._config.helper_on(name, platform.name)
        helper = replace(helper, ldflags=fill(helper.ldflags, self._words))
        if platform.parts and not helper.prebuilt:
            unit = self._universal(helper, platform)
        else:
            musl = self._alone_on_musl and platform == host()
            told = (self._problems, self._notes)
            unit = make_unit(project, self._config, helper, platform, self._engine, *told, musl)
            if unit is not None and unit.compiler != "prebuilt":
                asked = self._switches.workspace
                work = find_workspace(project.root, helper, asked, *told)
                unit = replace(unit, workspace=work)
        return unit and replace(unit, owner=project.name if project.member else "")

    def _universal(self, helper: Helper, platform: Platform) -> Unit | None:
        """Return the unit of a *platform* with parts: a program for each, joined into one binary.

        None after a problem.
        """
        made = [self._unit(helper.name, each) for each in map(lookup, platform.parts) if each]
        parts = tuple(part for part in made if part is not None)
        if len(parts) < len(platform.parts):
            return None
        output = self._project.root / self._config.output / "bin" / slug(platform)
        return Unit(
            helper=helper,
            platform=platform,
            libc=Libc(),
            compiler=", ".join(dict.fromkeys(part.compiler for part in parts)),
            source=parts[0].source,
            output=output / parts[0].output.name,
            workspace=parts[0].workspace,
            parts=parts,
        )


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
