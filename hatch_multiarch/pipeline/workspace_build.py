"""Builds the packages of a workspace together: ``python -m`` this module ``ORDER``, as JSON.

It is a process of its own, as hatchling's command is for one project. The helpers of all packages
are compiled first; then hatchling builds one package after the other, and at the end everything
moves into place.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.bridge.app import Application
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from hatch_multiarch import files
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.compile import compile_plans
from hatch_multiarch.config.members import Workspace, read_workspace
from hatch_multiarch.console import Console
from hatch_multiarch.errors import (
    ConfigError,
    Interrupted,
    MultiarchError,
    PlanError,
    in_package,
)
from hatch_multiarch.files.epoch import read_epoch
from hatch_multiarch.pipeline.build import Build
from hatch_multiarch.pipeline.clean import clean, hide
from hatch_multiarch.pipeline.hatchling_command import not_ours
from hatch_multiarch.pipeline.place import place_all
from hatch_multiarch.plan import Switches, choose, make_plan
from hatch_multiarch.plan.shared_units import shared_units
from hatch_multiarch.plan.workspace_plan import WorkspacePlan
from hatch_multiarch.process import terminable
from hatch_multiarch.project import read_project
from hatch_multiarch.report import Clock
from hatch_multiarch.report.workspace_report import PackageRecord, WorkspaceReport, report_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_multiarch.pipeline.place import Finished
    from hatch_multiarch.plan import Mode, Plan

HOOK = "tool.hatch.build.targets.wheel.hooks.multiarch"


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


class MemberWheel(WheelBuilder):
    """Builds the wheels of a package, whose helpers are compiled with those of the others."""

    of_workspace: Build | None = None


class MemberSdist(SdistBuilder):
    """Builds the sdist of a package."""

    of_workspace = None


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
    return WorkspacePlan(workspace, tuple(plans), shared_units(plans))


def build(order: Order, environ: Mapping[str, str]) -> None:
    """Build everything, then move it into place. Raises MultiarchError."""
    clock, dist = Clock(), order.dist(environ)
    workspace = read_workspace(Path(order.root), [Path(each) for each in order.folders])
    plan = plan_workspace(workspace, "all", environ, bootstrap=True)
    console = Console(verbosity=Application().verbosity)
    for path in workspace.skipped:
        console.note(f"{path} is not built: it has no [tool.multiarch]")
    aside = files.stage(dist)
    with ExitStack() as stack:
        packages = []
        for member, each in zip(workspace.members, plan.plans, strict=True):
            with in_package(member.path):
                package = _Package(each, dist, aside, order, environ)
                stack.enter_context(closing(package.of.begin().streams))
            packages.append(package)
        _compile(plan, packages, console, environ)
        finished = []
        for member, package in zip(workspace.members, packages, strict=True):
            with in_package(member.path):
                finished.append(package.build())
    with files.refused(dist):
        place_all(finished)
    if order.clean:
        _remove_others(dist, finished)
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
    packages: Sequence[_Package],
    console: Console,
    environ: Mapping[str, str],
) -> None:
    """Compile the helpers of all packages in one pool."""
    units = plan.compiled
    title = f"Compiling {len(units)} helper binaries of {len(packages)} packages"
    if plan.shared:
        title += f"; {len(plan.shared)} more are the same"
    wanted = [(package.plan, package.of.built) for package in packages]
    with console.build(units, title) as progress:
        compiled = compile_plans(
            wanted, progress, read_epoch(environ), BuildCache.of(environ), plan.shared
        )
    for package, each in zip(packages, compiled, strict=True):
        package.of.compiled = each


class _Package:
    """A package that is being built."""

    def __init__(
        self, plan: Plan, dist: Path, aside: Path, order: Order, environ: Mapping[str, str]
    ) -> None:
        self.plan = plan
        self._aside = aside
        root, plugins = str(plan.project.root), PluginManager()
        given: dict[str, Any] = {
            "plugin_manager": plugins,
            "metadata": ProjectMetadata(root, plugins),
            "app": Application().get_safe_application(),
        }
        self._sdist = MemberSdist(root, **given) if order.sdist else None
        self._wheel = MemberWheel(root, **given)
        with _hatchling(plan):
            if order.clean:
                output = plan.project.root / plan.config.output
                clean(self._wheel.artifact_project_id, output, dist, keep_outputs=True)
            sdists = aside if order.sdist else dist
            self.of = Build(plan, dist, self._wheel, environ, sdists=sdists)
        self._wheel.of_workspace = self.of

    def build(self) -> Finished:
        """Let hatchling build it, and return what waits to be moved. Raises MultiarchError."""
        with _hatchling(self.plan):
            for builder in (self._sdist, self._wheel):
                if builder is not None:
                    list(builder.build(directory=str(self._aside), clean=False))
        if self.of.finished is None:
            raise ConfigError([f"{HOOK}: the hook is not switched on; add the table [{HOOK}]"])
        return self.of.finished


@contextmanager
def _hatchling(plan: Plan) -> Iterator[None]:
    """Run hatchling, which is in the folder of the project then; its errors become PlanError."""
    before = Path.cwd()
    os.chdir(plan.project.root)
    try:
        yield
    except MultiarchError:
        raise
    except Exception as error:
        raise not_ours(error) from error
    finally:
        os.chdir(before)


def _remove_others(dist: Path, finished: Sequence[Finished]) -> None:
    """Remove wheels and sdists that other builds have left in *dist*."""
    mine = {path for each in finished for path in each.outputs.values()}
    for path in (*dist.glob("*.whl"), *dist.glob("*.tar.gz")):
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
