"""Builds the packages of a workspace together: ``python -m`` this module ``ORDER``, as JSON.

It is a process of its own, as hatchling's command is for one project. The helpers of all packages
are compiled first; then hatchling builds one package after the other, and at the end everything
moves into place.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hatchling.bridge.app import Application

from hatch_multiarch import files
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.cache.cache_dir import exposed
from hatch_multiarch.config.members import Workspace, read_workspace
from hatch_multiarch.engine.compile_plan import compile_plans
from hatch_multiarch.errors import (
    Interrupted,
    MultiarchError,
    PlanError,
    in_package,
)
from hatch_multiarch.files.epoch import read_epoch
from hatch_multiarch.pipeline.clean import hide
from hatch_multiarch.pipeline.member_build import MemberBuild
from hatch_multiarch.pipeline.place import place_all
from hatch_multiarch.plan import Switches, choose, make_plan
from hatch_multiarch.plan.workspace_plan import WorkspacePlan, shared_units
from hatch_multiarch.process import terminable
from hatch_multiarch.project import read_project
from hatch_multiarch.report.console import Console
from hatch_multiarch.report.make import Clock
from hatch_multiarch.report.workspace_report import PackageRecord, WorkspaceReport, report_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.pipeline.place import Finished
    from hatch_multiarch.plan import Mode


@dataclass(frozen=True)
class Order:
    """What the command line asks for."""

    root: str
    folders: tuple[str, ...]
    """Of the packages; empty for those of the uv workspace."""
    sdist: bool
    """Build sdists too."""
    directory: str
    """Of wheels and sdists; empty for ``dist`` in the root."""
    clean: bool

    def words(self) -> list[str]:
        """Return the command that builds it."""
        return [
            sys.executable,
            "-m",
            "hatch_multiarch.pipeline.workspace_build",
            json.dumps(asdict(self)),
        ]

    def dist(self, environ: Mapping[str, str]) -> Path:
        """Return the folder of wheels and sdists."""
        named = self.directory or environ.get("HATCH_BUILD_LOCATION") or "dist"
        return Path(os.path.abspath(Path(self.root, named)))  # noqa: PTH100 - without `..`


def plan_workspace(
    workspace: Workspace, mode: Mode, environ: Mapping[str, str], *, bootstrap: bool = False
) -> WorkspacePlan:
    """Return what a build of *workspace* would do. Raises MultiarchError, which names the package.

    *bootstrap* is as for ``choose``.
    """
    switches = Switches.read(environ)
    if switches.skip:
        raise PlanError(
            "HATCH_MULTIARCH_SKIP: a workspace is built for its helpers",
            advice="unset it, or build the packages without helpers by `uv build --all-packages`",
        )
    plans = []
    for member in workspace.members:
        with in_package(member.path):
            project, config = read_project(member.root)
            choice = choose(config, project.name, mode, switches, environ, bootstrap=bootstrap)
            project = replace(project, member=True)
            plans.append(make_plan(project, config, mode, switches, choice))
    plan = WorkspacePlan(workspace, tuple(plans), shared_units(plans))
    if problems := plan.problems:
        raise PlanError("\n".join(problems))
    return plan


def build(order: Order, environ: Mapping[str, str]) -> None:
    """Build everything, then move it into place. Raises MultiarchError."""
    clock, dist = Clock(), order.dist(environ)
    workspace = read_workspace(Path(order.root), [Path(each) for each in order.folders])
    plan = plan_workspace(workspace, "all", environ, bootstrap=True)
    console = Console(verbosity=Application().verbosity)
    for path in workspace.skipped:
        console.note(f"{path} is not built: it has no [tool.multiarch]")
    for note, names in plan.notes.items():
        console.note(f"{', '.join(names)}: {note}")
    if note := exposed(environ):
        console.note(note)
    aside = files.stage(dist)
    with ExitStack() as stack:
        packages = []
        for member, each in zip(workspace.members, plan.plans, strict=True):
            with in_package(member.path):
                package = MemberBuild(
                    each, dist, aside, environ, sdist=order.sdist, clean_first=order.clean
                )
                stack.enter_context(closing(package.begin().streams))
            packages.append(package)
        _compile(plan, packages, console, environ)
        finished = []
        for member, package in zip(workspace.members, packages, strict=True):
            with in_package(member.path):
                finished.append(package.build())
    with files.refused(dist):
        place_all(finished)
    if order.clean:
        _remove_others(dist, finished, ("*.whl", *(["*.tar.gz"] if order.sdist else [])))
    _report(plan, finished, clock, console)


def _report(
    plan: WorkspacePlan, finished: Sequence[Finished], clock: Clock, console: Console
) -> None:
    """Write the report of the workspace, and print what was made."""
    workspace = plan.workspace
    made = list(zip(workspace.members, finished, strict=True))
    report = WorkspaceReport(
        schema=1,
        timing=clock.read(),
        packages=tuple(PackageRecord(member.path, each.report) for member, each in made),
        shared={name: unit.id for name, unit in plan.shared.items()},
        skipped=workspace.skipped,
    )
    file = report_file(workspace.root)
    if not file.parent.exists():
        file.parent.mkdir(parents=True)
        hide(file.parent)
    files.write(report.to_json(), file)
    for member, each in made:
        console.summary(each.report, member.root, each.final, within=workspace.root)
    console.report(file, workspace.root)


def _compile(
    plan: WorkspacePlan,
    packages: Sequence[MemberBuild],
    console: Console,
    environ: Mapping[str, str],
) -> None:
    """Compile the helpers of all packages in one pool."""
    wanted = [(package.plan, package.of.built) for package in packages]
    with console.build(plan.compiled, f"Compiling {plan.says}") as progress:
        compiled = compile_plans(
            wanted, progress, read_epoch(environ), BuildCache.of(environ), plan.shared
        )
    for package, each in zip(packages, compiled, strict=True):
        package.of.compiled = each


def _remove_others(dist: Path, finished: Sequence[Finished], globs: Sequence[str]) -> None:
    """Remove wheels and sdists that other builds have left in *dist*."""
    mine = {path for each in finished for path in each.outputs.values()}
    for path in (path for glob in globs for path in dist.glob(glob)):
        if path not in mine:
            path.unlink()


def main() -> int:
    """Build what the first argument asks for, and return the exit code."""
    told = json.loads(sys.argv[1])
    try:
        with terminable():
            build(Order(**{**told, "folders": tuple(told["folders"])}), os.environ)
    except MultiarchError as error:
        Console().error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return Interrupted.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
