"""What of this machine a build could use: compilers, docker, builders, emulators; and the rest."""

from __future__ import annotations

import platform as machine
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch import emulators
from hatch_multiarch.buildx.builders import inspect_builder
from hatch_multiarch.buildx.find import find_buildx
from hatch_multiarch.buildx.manage import builder_name
from hatch_multiarch.config import Toolchain
from hatch_multiarch.errors import MultiarchError, ToolchainError
from hatch_multiarch.plan import choose, make_plan
from hatch_multiarch.platforms import all_platforms, host
from hatch_multiarch.toolchain import find_gcc, find_go, find_zig, gcc_version, minimum_go

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_multiarch.buildx.builders import Builder
    from hatch_multiarch.buildx.find import Buildx
    from hatch_multiarch.config import Config
    from hatch_multiarch.plan import Plan, Project, Switches
    from hatch_multiarch.platforms import Platform

MACHINE, DOCKER, PLATFORMS = "this machine", "docker", "platforms that run here"
"""Sections, in this order."""


@dataclass(frozen=True)
class Finding:
    """One thing that is there, or is not."""

    section: str
    what: str
    works: bool
    """What does not work need not hinder a build: ``Diagnosis.error`` tells what does."""
    says: str
    fix: str = ""
    """The command, or else what to do."""


@dataclass(frozen=True)
class Diagnosis:
    """All findings, and what a build would do with them."""

    findings: tuple[Finding, ...]
    engine: str
    """What a build takes, ``host`` or ``buildkit``; empty when there can be none."""
    notes: tuple[str, ...] = ()
    """What was decided for the user and why."""
    error: MultiarchError | None = None
    """Why there can be none."""


def examine(
    target: tuple[Project, Config] | None, switches: Switches, environ: Mapping[str, str]
) -> Diagnosis:
    """Look at this machine for a project, or for any; asks docker and changes nothing."""
    if target is None:
        docker = _Docker.ask(environ, "")
        every = [each for each in all_platforms() if each.os == "linux"]
        engine = "buildkit" if docker.builder else "host"
        findings = (*_machine(None, Toolchain()), *docker.findings(), *_run(every, docker))
        return Diagnosis(findings, engine, docker.notes())
    project, config = target
    plan, error = None, None
    try:
        choice = choose(config, project.name, "all", switches, environ)
        plan = make_plan(project, config, "all", switches, choice)
        _check_gcc(plan)
    except MultiarchError as raised:
        error = raised
    if plan and plan.docker:
        docker = _Docker(plan.docker.buildx, plan.docker.builder)
    else:
        elsewhere = config.builder and config.builder.driver in ("remote", "kubernetes")
        name = builder_name(config.builder, project.name, environ)
        docker = _Docker.ask(environ, name, daemon=not elsewhere)
    mine = [
        each for each in all_platforms() if each.os == "linux" and each.name in config.platforms
    ]
    findings = (*_machine(plan, config.toolchain), *docker.findings(), *_run(mine, docker))
    engine = plan.engine if plan and not error else ""
    return Diagnosis(findings, engine, plan.notes if plan else (), error)


@dataclass(frozen=True)
class _Docker:
    """How far one gets with docker."""

    buildx: Buildx | None = None
    builder: Builder | None = None
    error: MultiarchError | None = None

    @classmethod
    def ask(cls, environ: Mapping[str, str], name: str, *, daemon: bool = True) -> _Docker:
        buildx = None
        try:
            buildx = find_buildx(environ, daemon=daemon)
            return cls(buildx, inspect_builder(buildx, name))
        except MultiarchError as error:
            return cls(buildx, None, error)

    def notes(self) -> tuple[str, ...]:
        return (f"not by BuildKit: {self.error.message}",) if self.error else ()

    def findings(self) -> Iterator[Finding]:
        error = self.error
        if self.buildx:
            says = self.buildx.server or "its daemon is not needed: builds go elsewhere"
            yield Finding(DOCKER, "docker", works=True, says=says)
            yield Finding(DOCKER, "buildx", works=True, says=str(self.buildx.version))
        if error:
            what = "builder" if self.buildx else "docker"
            yield Finding(DOCKER, what, works=False, says=error.message, fix=error.advice)
        if self.builder:
            name = self.builder.name
            yield Finding(DOCKER, "builder", True, f"{name}, driver {self.builder.driver}")  # noqa: FBT003
            for node in self.builder.nodes:
                runs = node.status == "running"
                says = node.error or ", ".join(
                    filter(None, (node.status, node.build_platform and f"is {node.build_platform}"))
                )
                fix = "" if runs else f"docker buildx inspect --bootstrap {name}"
                yield Finding(DOCKER, f"node {node.name}", runs, says, fix)


def _machine(plan: Plan | None, toolchain: Toolchain) -> Iterator[Finding]:
    """Yield what compiles here: for *plan* what it needs, else all there is."""
    yield Finding(MACHINE, "python", True, f"{machine.python_version()}, {_here()}")  # noqa: FBT003
    units = [unit for unit in plan.units if unit.compiler != "prebuilt"] if plan else []
    try:
        least = minimum_go(units)
        yield Finding(MACHINE, "go", True, str(find_go(toolchain.go, least)))  # noqa: FBT003
    except ToolchainError as error:
        yield Finding(MACHINE, "go", False, error.message, _COMES)  # noqa: FBT003
    try:
        yield Finding(MACHINE, "zig", True, str(find_zig(toolchain.zig)))  # noqa: FBT003
    except ToolchainError as error:
        yield Finding(MACHINE, "zig", False, error.message, _COMES)  # noqa: FBT003
    if sys.platform.startswith("linux"):
        needed = {unit.platform.name for unit in units if unit.compiler == "gcc"}
        for platform in all_platforms():
            if platform.packages and (platform.name in needed or not plan):
                yield _gcc(platform)


_COMES = "nothing to do: where it is needed, the build installs it"


def _gcc(platform: Platform) -> Finding:
    what = f"gcc for {platform.name}"
    try:
        return Finding(MACHINE, what, works=True, says=gcc_version(find_gcc(platform)))
    except ToolchainError:
        says = f"no {platform.triple}-gcc on PATH; zig compiles for it too"
        if not (platform.zig.glibc or platform.zig.musl):
            says = f"no {platform.triple}-gcc on PATH"
        fix = f"sudo apt-get install {' '.join(platform.packages)}"
        return Finding(MACHINE, what, False, says, fix if shutil.which("apt-get") else "")  # noqa: FBT003


def _check_gcc(plan: Plan) -> None:
    """Raise ToolchainError when this machine is to compile with a gcc that it lacks."""
    if plan.engine == "host":
        for unit in plan.units:
            if unit.compiler == "gcc":
                find_gcc(unit.platform)


def _here() -> str:
    try:
        return host().name
    except MultiarchError:
        return f"{sys.platform} {machine.machine()}, for which no helper can be built"


def _run(platforms: Sequence[Platform], docker: _Docker) -> Iterator[Finding]:
    """Yield which of *platforms* run: under this kernel, or else under docker's."""
    if sys.platform.startswith("linux"):
        state = emulators.state()
        yield from (on_platform(state[each.name]) for each in platforms if each.name in state)
    elif docker.builder:
        nodes = docker.builder.nodes
        for each in platforms:
            by = [node.name for node in nodes if each.name in node.platforms]
            says = f"in docker, on the node {by[0]}" if by else "docker lists no emulator"
            yield Finding(PLATFORMS, each.name, bool(by), says, "" if by else _install(each.name))


def on_platform(emulator: emulators.Emulator) -> Finding:
    """Return how programs of a platform run under this machine's kernel."""
    what = emulator.platform
    if emulator.native:
        return Finding(PLATFORMS, what, works=True, says="this processor")
    if emulator.registered:
        by = emulator.interpreter or "an emulator outside of this container"
        if emulator.fixed:
            return Finding(PLATFORMS, what, works=True, says=by)
        says = f"{by}, but not in containers: its binfmt_misc entry has no flag F"
        return Finding(PLATFORMS, what, works=False, says=says, fix=_install(what))
    if emulator.disabled:
        says = f"its emulator {emulator.disabled} is switched off"
        fix = f"echo 1 | sudo tee {emulators.BINFMT / emulator.disabled}"
        return Finding(PLATFORMS, what, works=False, says=says, fix=fix)
    return Finding(PLATFORMS, what, False, "no emulator is registered", _install(what))  # noqa: FBT003


def _install(platform: str) -> str:
    return f"hatch-multiarch emulators install {platform}"
