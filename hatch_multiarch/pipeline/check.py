"""Finds all problems of a project's config, without building."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from hatch_multiarch import sbom, wheel
from hatch_multiarch.errors import ConfigError, MultiarchError, PlanError, ToolchainError
from hatch_multiarch.init.pyproject import HOOK, hooked, read_target, requires_plugin
from hatch_multiarch.pipeline.hatchling_command import hatchling_error
from hatch_multiarch.plan import choose, make_plan
from hatch_multiarch.project import read_project
from hatch_multiarch.toolchain import find_gcc, go_line, minimum_go, requirements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hatch_multiarch.init.pyproject import Target
    from hatch_multiarch.plan import Plan, Switches


@dataclass(frozen=True)
class Problem:
    """One thing that a build would stop at."""

    message: str
    advice: str
    exit_code: int
    """The exit code that the build would end with (docs/reference/exit-codes.md)."""

    def __str__(self) -> str:
        return f"{self.message}; {self.advice}" if self.advice else self.message


@dataclass(frozen=True)
class Checked:
    """What was found."""

    problems: tuple[Problem, ...]
    says: str
    """One line about what a build would do; empty when there is a problem."""
    notes: tuple[str, ...] = ()
    """What a build would decide by itself."""


def check(root: Path, switches: Switches, environ: Mapping[str, str]) -> Checked:
    """Check the project in folder *root*; asks docker as a build would, and changes nothing."""
    problems: list[Problem] = []
    plan = None
    try:
        target = read_target(root, environ)
        problems += _switched_on(target)
        project, config = read_project(root)
        choice = choose(config, project.name, "all", switches, environ)
        plan = make_plan(project, config, "all", switches, choice)
        problems += _modules(plan)
        problems += _compilers(plan)
        problems += _files(plan, target.document)
    except MultiarchError as error:
        problems += _lines(error)
    if plan is None or problems:
        return Checked(tuple(dict.fromkeys(problems)), "", plan.notes if plan else ())
    return Checked((), _says(plan), plan.notes)


def _lines(error: MultiarchError) -> Iterator[Problem]:
    """Yield the problems of one error: a line each."""
    lines = error.problems if isinstance(error, ConfigError) else error.message.split("\n")
    for number, line in enumerate(lines, 1):
        yield Problem(line, error.advice if number == len(lines) else "", error.exit_code)


def _switched_on(target: Target) -> Iterator[Problem]:
    if not requires_plugin(target.document):
        says = "build-system.requires: hatch-multiarch is not in it"
        yield Problem(says, 'add "hatch-multiarch"', ConfigError.exit_code)
    if not hooked(target):
        says = f"{HOOK}: the hook is not switched on"
        yield Problem(says, f"add the table [{HOOK}]", ConfigError.exit_code)


def _modules(plan: Plan) -> Iterator[Problem]:
    """Yield what is wrong with the folders of the helpers that are compiled."""
    for unit in {each.helper.name: each for each in plan.units}.values():
        if unit.compiler == "prebuilt":
            continue
        where = f"tool.multiarch.helpers.{unit.helper.name}"
        try:
            go_line(unit.source / "go.mod")
        except ToolchainError as error:
            yield Problem(f"{where}.source: {error.message}", error.advice, error.exit_code)
        if not any((unit.source / unit.helper.package).glob("*.go")):
            inside = f"{unit.helper.source}/{unit.helper.package.removeprefix('./')}"
            says = f"{where}.package: there is no Go file in {inside.removesuffix('/.')}"
            advice = "it is the folder of a main package, inside the module"
            yield Problem(says, advice, PlanError.exit_code)


def _compilers(plan: Plan) -> Iterator[Problem]:
    """Yield the C compilers that this machine is to have and lacks; Go and zig the build brings."""
    if plan.engine != "host":
        return
    for unit in plan.units:
        where = f"tool.multiarch.helpers.{unit.helper.name}.compiler"
        if unit.compiler == "gcc":
            try:
                find_gcc(unit.platform)
            except ToolchainError as error:
                yield Problem(f"{where}: {error.message}", error.advice, error.exit_code)
        elif unit.compiler not in ("zig", "none", "prebuilt"):
            program = shlex.split(unit.compiler)[0]
            if shutil.which(program) is None:
                says = f"{where}: there is no {program} on PATH, for {unit.platform.name}"
                yield Problem(says, 'install it, or set "auto"', ToolchainError.exit_code)


def _files(plan: Plan, document: dict[str, Any]) -> Iterator[Problem]:
    """Yield what hatchling would leave out, or not know how to ship."""
    root = plan.project.root
    try:
        wheels = WheelBuilder(str(root), config=document)
        wheels.metadata.validate_fields()
        # A property that looks for the package; it raises ValueError where there is none.
        _ = wheels.config.packages
        bill = sbom.member(wheels.artifact_project_id) if plan.config.sbom else ""
        wheel.check_paths(plan, wheels, {}, bill)
        sdist = SdistBuilder(str(root), config=document)
        taken = {each.path for each in sdist.recurse_included_files()}
    except MultiarchError as error:
        yield from _lines(error)
        return
    except Exception as error:  # noqa: BLE001 - hatchling and its plugins raise what they like
        yield from _lines(hatchling_error(error))
        return
    for helper in plan.config.helpers:
        compiled = any(
            u.helper.name == helper.name and u.compiler != "prebuilt" for u in plan.units
        )
        if compiled and str(root / helper.source / "go.mod") not in taken:
            yield Problem(
                f"tool.hatch.build.targets.sdist: leaves out {helper.source}, so that nobody can "
                f"compile {helper.name} from the sdist",
                "include it (a .gitignore counts too)",
                PlanError.exit_code,
            )


def _says(plan: Plan) -> str:
    helpers, wheels = len(plan.config.helpers), len(plan.wheels)
    where = "in BuildKit's builder stage"
    if plan.engine == "host":
        compiled = [unit for unit in plan.units if unit.compiler != "prebuilt"]
        brought = requirements(compiled, plan.config.toolchain)
        with_go = f" (go {minimum_go(compiled)} or later)" if compiled else ""
        where = f"on this machine{with_go}"
        if brought:
            where += f", with {' and '.join(brought)} from the Python package index"
    return (
        f"{plan.project.name} {plan.project.version}: {_count(helpers, 'helper')}, "
        f"{_count(wheels, 'wheel')}{', an image' if plan.image else ''}, compiled {where}"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
