"""The build of one package of a workspace, by hatchling in this process."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.bridge.app import Application
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from hatch_multiarch import files
from hatch_multiarch.errors import ConfigError, MultiarchError
from hatch_multiarch.init.pyproject import HOOK
from hatch_multiarch.pipeline.clean import clean
from hatch_multiarch.pipeline.hatchling_command import not_ours
from hatch_multiarch.pipeline.project_build import Build

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_multiarch.pipeline.place import Finished
    from hatch_multiarch.pipeline.project_build import Begun
    from hatch_multiarch.plan import Plan


class MemberWheel(WheelBuilder):
    """Builds the wheels of a package, whose helpers are compiled with those of the others."""

    of_workspace: Build | None = None


class MemberSdist(SdistBuilder):
    """Builds the sdist of a package."""

    of_workspace = None


class MemberBuild:
    """The build of *plan*, whose wheels and sdist go to *dist* in the end."""

    def __init__(
        self,
        plan: Plan,
        dist: Path,
        aside: Path,
        environ: Mapping[str, str],
        *,
        sdist: bool,
        clean_first: bool,
    ) -> None:
        """Stage in the folder *aside*; without *sdist*, the wheels belong to the one in *dist*."""
        self.plan = plan
        self._aside = aside
        root, plugins = str(plan.project.root), PluginManager()
        given: dict[str, Any] = {
            "plugin_manager": plugins,
            "metadata": ProjectMetadata(root, plugins),
            "app": Application().get_safe_application(),
        }
        self._sdist = MemberSdist(root, **given) if sdist else None
        self._wheel = MemberWheel(root, **given)
        with _hatchling(plan):
            if clean_first:
                output = plan.project.root / plan.config.output
                clean(self._wheel.artifact_project_id, output, dist, keep_outputs=True)
            sdists = aside if sdist else dist
            self.of = Build(plan, dist, self._wheel, environ, sdists=sdists)
        self._wheel.of_workspace = self.of

    def begin(self) -> Begun:
        """Make the folders of the build. Raises MultiarchError."""
        with files.refused(self.plan.project.root / self.plan.config.output):
            return self.of.begin()

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
