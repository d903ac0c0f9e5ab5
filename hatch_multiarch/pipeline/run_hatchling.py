"""Runs hatchling in this environment, for a build without Hatch."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from hatch_multiarch import files
from hatch_multiarch.config import read_pyproject
from hatch_multiarch.errors import ConfigError, in_package
from hatch_multiarch.pipeline.hatchling_command import hatchling_error
from hatch_multiarch.plan import Switches
from hatch_multiarch.plan.env_options import PREFIX
from hatch_multiarch.platforms import host
from hatch_multiarch.process import attached
from hatch_multiarch.project import lacking, lacking_error, requires

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hatch_multiarch.config.members import Workspace
    from hatch_multiarch.pipeline.workspace_build import Order


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; the rest is the config's."""

    platforms: tuple[str, ...] = ()
    """Platforms, or ``host`` or ``all``."""
    image: bool | None = None
    engine: str = ""
    offline: bool = False
    fewer_platforms: bool = False
    targets: tuple[str, ...] = ("sdist", "wheel")
    clean: bool = False
    directory: str = ""

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return *environ* with the switches of the hook that say the same.

        Raises ConfigError, in the words of the command line, for what is no platform.
        """
        several = len(self.platforms) > 1  # the switch takes `host` alone only
        names = (host().name if several and p == "host" else p for p in self.platforms)
        own = {
            "PLATFORMS": ",".join(names),
            "ENGINE": self.engine,
            "IMAGE": "" if self.image is None else str(int(self.image)),
            "OFFLINE": "1" if self.offline else "",
            "FEWER_PLATFORMS": "1" if self.fewer_platforms else "",
        }
        made = {**environ, **{PREFIX + name: value for name, value in own.items() if value}}
        try:
            Switches.read(made)
        except ConfigError as error:
            if not self.platforms:
                raise
            named = [each.replace(f"{PREFIX}PLATFORMS", "--platform") for each in error.problems]
            raise ConfigError(named) from None
        return made


def build(root: Path, asked: Asked, environ: Mapping[str, str], *, aloud: bool = True) -> int:
    """Run ``hatchling build`` in *root* and return its exit code; it speaks for itself.

    *aloud*: on standard output too; else all that it says goes to standard error. Raises
    ToolchainError when this environment lacks what the project needs to be built, ConfigError
    and PlanError for a project that cannot be read.
    """
    env = asked.environ(environ)
    lacks = missing_requirements(root, asked.targets, env)
    if lacks:
        raise lacking_error(lacks)
    words = [sys.executable, "-m", "hatch_multiarch.pipeline.hatchling_command", "build"]
    for target in asked.targets:
        words += ["-t", target]
    if asked.clean:
        words.append("-c")
    if asked.directory:
        words += ["-d", asked.directory]
    dist = asked.directory or env.get("HATCH_BUILD_LOCATION")
    for folder in (
        files.temporary_home(),
        root / (dist or WheelBuilder(str(root)).config.directory),
    ):
        files.probe(folder)  # where hatchling, making the sdist, would show a traceback
    return attached(words, cwd=root, env=env, aloud=aloud)


def build_workspace(
    workspace: Workspace, order: Order, asked: Asked, environ: Mapping[str, str], *, aloud: bool
) -> int:
    """Run the build of a *workspace* and return its exit code; *aloud* is as for ``build``.

    Raises ToolchainError when this environment lacks what the packages need to be built, and
    ConfigError and PlanError for one that cannot be read.
    """
    env = asked.environ(environ)
    lacks: dict[str, None] = {}
    for member in workspace.members:
        with in_package(member.path):
            lacks.update(dict.fromkeys(missing_requirements(member.root, asked.targets, env)))
    if lacks:
        raise lacking_error(lacks)
    for folder in (files.temporary_home(), order.dist(env)):
        files.probe(folder)
    return attached(order.words(), cwd=workspace.root, env=env, aloud=aloud)


def missing_requirements(
    root: Path, targets: Iterable[str], environ: Mapping[str, str]
) -> list[str]:
    """Return what ``hatch build`` would install first and is not in this environment."""
    _, document = read_pyproject(root / "pyproject.toml")
    lacks = lacking(requires(document))
    if lacks:  # the hooks are among it, so that they cannot be asked what they need
        return lacks
    # Hooks read the environment of the process, and this one's ends with the command.
    os.environ.update(environ)
    builders = {"sdist": SdistBuilder, "wheel": WheelBuilder}
    needed: dict[str, None] = {}
    try:
        for target in targets:
            found = builders[target](str(root), config=document).config.dependencies
            needed.update(dict.fromkeys(found))
    except Exception as error:
        raise hatchling_error(error) from error
    return lacking(needed)


def report_path(root: Path) -> Path:
    """Return where a build of the project in *root* writes its report."""
    config, document = read_pyproject(root / "pyproject.toml")
    stem = WheelBuilder(str(root), config=document).artifact_project_id
    return root / config.output / f"{stem}.json"
