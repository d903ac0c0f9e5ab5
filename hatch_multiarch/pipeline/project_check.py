"""Finds all problems of a project's config, without building."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from hatchling.builders.wheel import WheelBuilder

from hatch_multiarch import sbom, wheel
from hatch_multiarch.config.toml_document import hatch_key
from hatch_multiarch.engine.prebuilt import contents
from hatch_multiarch.engine.unit_sources import UnitSources
from hatch_multiarch.errors import (
    ConfigError,
    MultiarchError,
    PlanError,
    RegistryError,
    ToolchainError,
)
from hatch_multiarch.image.base import find_base
from hatch_multiarch.init.pyproject import HOOK, hooked, read_target, requires_plugin
from hatch_multiarch.pipeline.hatchling_command import hatchling_error
from hatch_multiarch.pipeline.index_check import not_on_index
from hatch_multiarch.pipeline.other_hooks import other_hooks
from hatch_multiarch.pipeline.run_before import find_program
from hatch_multiarch.pipeline.sdist_files import SdistFiles
from hatch_multiarch.plan import choose, make_plan
from hatch_multiarch.plan.mod_file import ModFile
from hatch_multiarch.project import lacking, read_project, requires
from hatch_multiarch.registry import Pace
from hatch_multiarch.toolchain import find_gcc, go_line, minimum_go, requirements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hatch_multiarch.init.pyproject import Target
    from hatch_multiarch.pipeline.sdist_files import LeftOut
    from hatch_multiarch.plan import Plan, Switches, Unit


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
    warnings: tuple[str, ...] = ()
    """What is likely not meant, or could not be looked at."""


def check(root: Path, switches: Switches, environ: Mapping[str, str]) -> Checked:
    """Check the project in folder *root*; changes nothing.

    It asks docker, and the registry of the image's base, as a build would.
    """
    problems: list[Problem] = []
    warnings: list[str] = []
    plan = None
    try:
        target = read_target(root, environ)
        problems += _switched_on(target)
        project, config = read_project(root)
        choice = choose(config, project.name, "all", switches, environ)
        plan = make_plan(project, config, "all", switches, choice)
        problems += _modules(plan)
        problems += _compilers(plan)
        problems += _first(plan, environ)
        problems += _prebuilt(plan)
        if plan.engine == "host" and not problems and not switches.offline:
            problems += map(_problem, not_on_index(plan, environ))
        sources = UnitSources(plan, environ)
        sources.look_at_all()
        problems += _files(plan, target.document, sources, warnings)
        for each in other_hooks(WheelBuilder(str(root), config=target.document), config):
            if each.source.always:
                problems.append(Problem(each.says, each.advice, PlanError.exit_code))
            else:
                warnings.append(f"{each.says}; {each.advice}")
        warnings += _base(plan, environ)
        warnings += sources.cgo_warnings()
    except MultiarchError as error:
        problems += _lines(error)
    notes = plan.notes if plan else ()
    if plan is None or problems:
        return Checked(tuple(dict.fromkeys(problems)), "", notes, tuple(warnings))
    return Checked((), _says(plan), notes, tuple(warnings))


def _base(plan: Plan, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield why a registry does not say whether it has the base for each platform.

    Raises ImageError when a platform is missing, and RegistryError when the cache alone counts.
    """
    if plan.image is None:
        return
    name, offline = plan.image.config.base, plan.image.offline
    platforms = [platform for platform, _ in plan.image.platforms]
    try:
        find_base(name, plan.project.root, environ, platforms, offline=offline, pace=Pace(tries=1))
    except RegistryError as error:
        if offline:
            raise
        yield f"{error.message}; its platforms are not checked"


def _problem(error: MultiarchError) -> Problem:
    return Problem(error.message, error.advice, error.exit_code)


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
        says = f"{HOOK}: the hook is not enabled"
        yield Problem(says, f"add the table [{HOOK}]", ConfigError.exit_code)


def _modules(plan: Plan) -> Iterator[Problem]:
    """Yield what is wrong with the folders of the helpers that are compiled."""
    for unit in {each.helper.name: each for each in plan.engine_units}.values():
        if unit.compiler == "prebuilt":
            continue
        where = f"tool.multiarch.helpers.{unit.helper.name}"
        try:
            go_line(unit.source / "go.mod")
        except ToolchainError as error:
            yield Problem(f"{where}.source: {error.message}", error.advice, error.exit_code)
        if unit.helper.imported:
            yield from _required(unit)
        elif not any((unit.source / unit.helper.package).glob("*.go")):
            inside = f"{unit.helper.source}/{unit.helper.package.removeprefix('./')}"
            says = f"{where}.package: there is no Go file in {inside.removesuffix('/.')}"
            advice = "it is the folder of a main package, inside the module"
            yield Problem(says, advice, PlanError.exit_code)


def _required(unit: Unit) -> Iterator[Problem]:
    """Yield that no module of go.mod can have the package of *unit*, another project's program."""
    path = unit.helper.package
    file = unit.source / "go.mod"
    known = ModFile.read(file).requires if file.is_file() else (path,)
    if not any(path == each or path.startswith(f"{each}/") for each in known):
        where = f"tool.multiarch.helpers.{unit.helper.name}.package"
        says = f"{where}: {unit.helper.source}/go.mod requires no module that has {path}"
        advice = f"in {unit.helper.source}: go get -tool {path}@latest"
        yield Problem(says, advice, PlanError.exit_code)


def _prebuilt(plan: Plan) -> Iterator[Problem]:
    """Yield the archives that a build could not take a binary out of, and wrong checksums."""
    for unit in plan.engine_units:
        if unit.compiler == "prebuilt":
            try:
                for _ in contents(unit):
                    pass
            except PlanError as error:
                yield _problem(error)


def _compilers(plan: Plan) -> Iterator[Problem]:
    """Yield the C compilers that this machine is to have and lacks; Go and zig the build brings."""
    if plan.engine != "host":
        return
    for unit in plan.engine_units:
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


def _first(plan: Plan, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what runs before anything is compiled and is not there; Go the build brings."""
    for command in plan.before:
        found = find_program(command, environ)
        if isinstance(found, PlanError) and command.words[0] != "go":
            yield _problem(found)


def _files(
    plan: Plan, document: dict[str, Any], sources: UnitSources, warnings: list[str]
) -> Iterator[Problem]:
    """Yield what hatchling would leave out, or not know how to ship.

    *sources* is what its units are compiled from. Where a hook of the project's own may still add
    the files, that is one of *warnings*.
    """
    root = plan.project.root
    try:
        wheels = WheelBuilder(str(root), config=document)
        # A property that looks for the package; it raises ValueError where there is none.
        _ = wheels.config.packages
        if not lacking(requires(document)):  # what makes the version is here
            wheels.metadata.validate_fields()
            bill = sbom.member(wheels.artifact_project_id) if plan.config.sbom else ""
            wheel.check_paths(plan, wheels, {}, bill)
        sdist = SdistFiles(root, document)
    except MultiarchError as error:
        yield from _lines(error)
        return
    except Exception as error:  # noqa: BLE001 - hatchling and its plugins raise what they like
        yield from _lines(hatchling_error(error))
        return
    whole, helpers = [], sources.by_helper()
    for helper, (source, _) in helpers.items():
        if (PurePosixPath(source) / "go.mod").as_posix() in sdist.taken:
            whole.append(helper)
            continue
        yield Problem(
            f"{hatch_key(root, 'build.targets.sdist')}: leaves out {source}, so {helper} "
            "can't be compiled from the sdist",
            "include it (check .gitignore too)",
            PlanError.exit_code,
        )
    yield from map(_left_out, sdist.unrecorded(plan.config))
    for helper, why in sources.failures.items():
        warnings.append(f"it is unknown whether the sdist has all files that {helper} needs: {why}")
    for helper, (_, files) in helpers.items():
        for found in sdist.left_out(helper, files) if helper in whole else ():
            if sdist.hooks:
                warnings.append(f"{found}, unless the build hook {sdist.hooks[0]} adds it")
            else:
                yield _left_out(found)


def _left_out(found: LeftOut) -> Problem:
    return Problem(found.message, found.advice, PlanError.exit_code)


def _says(plan: Plan) -> str:
    helpers, wheels = len(plan.config.helpers), len(plan.wheels)
    where = "in BuildKit's builder stage"
    if plan.engine == "host":
        compiled = [unit for unit in plan.engine_units if unit.compiler != "prebuilt"]
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
