"""Runs all checks of doctor, whatever the others find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.config import Toolchain
from hatch_multiarch.docker.manage import builder_name
from hatch_multiarch.doctor import machine
from hatch_multiarch.doctor.docker_check import Docker, drivers, engines, logins
from hatch_multiarch.doctor.finding import (
    BUILDS,
    DOCKER,
    ENGINES,
    MACHINE,
    PACKAGES,
    PLATFORMS,
    Diagnosis,
    looked,
)
from hatch_multiarch.doctor.platform_check import builds, hindrance, running
from hatch_multiarch.errors import MultiarchError
from hatch_multiarch.plan import choose, make_plan
from hatch_multiarch.platforms import all_platforms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_multiarch.config import Config
    from hatch_multiarch.doctor.finding import Finding
    from hatch_multiarch.plan import Plan, Project, Switches
    from hatch_multiarch.platforms import Platform


def examine(
    target: tuple[Project, Config] | None,
    switches: Switches,
    environ: Mapping[str, str],
    error: MultiarchError | None = None,
) -> Diagnosis:
    """Look at this machine for a project, or for any; asks docker and changes nothing.

    *error* is why there is no *target* though there should be one.
    """
    linux = [each for each in all_platforms() if each.os == "linux"]
    if target is None:
        docker = Docker.ask(environ, "")
        engine = "" if error else "buildkit" if docker.builder else "host"
        findings = (
            *_tools(None, Toolchain()),
            *docker.findings(),
            *_engines(docker, environ),
            *_running(linux, docker),
        )
        return Diagnosis(findings, engine, notes=docker.notes(), error=error)
    project, config = target
    plan = None
    try:
        choice = choose(config, project.name, "all", switches, environ)
        plan = make_plan(project, config, "all", switches, choice)
    except MultiarchError as raised:
        error = raised
    if plan and plan.docker:
        docker = Docker(plan.docker.buildx, plan.docker.builder)
    else:
        elsewhere = config.builder and config.builder.driver in ("remote", "kubernetes")
        name = builder_name(config.builder, project.name, environ)
        docker = Docker.ask(environ, name, daemon=not elsewhere)
    mine = [each for each in linux if each.name in config.platforms]
    runs = _running(mine, docker)
    built: tuple[Finding, ...] = ()
    if plan:
        ready, states = plan, {each.what: each for each in runs}
        built = tuple(looked(BUILDS, "all", lambda: builds(ready, states)))
        error = error or hindrance(plan)
    image = plan.image if plan else None
    findings = (
        *_tools(plan, config.toolchain),
        *docker.findings(),
        *looked(DOCKER, "logins", lambda: logins(image, environ)),
        *_engines(docker, environ),
        *built,
        *runs,
    )
    engine = plan.engine if plan and not error else ""
    return Diagnosis(findings, engine, project.name, plan.notes if plan else (), error)


def _tools(plan: Plan | None, toolchain: Toolchain) -> Iterator[Finding]:
    """Yield what compiles here and what Python brings: for *plan* what it needs, else all."""
    units = [unit for unit in plan.engine_units if unit.compiler != "prebuilt"] if plan else []
    yield from looked(MACHINE, "python", machine.python)
    yield from looked(MACHINE, "go", lambda: machine.go(units, toolchain))
    yield from looked(MACHINE, "zig", lambda: machine.zig(toolchain))
    yield from looked(MACHINE, "gcc", lambda: machine.gccs(plan))
    yield from looked(PACKAGES, "packages", lambda: machine.packages(plan))


def _engines(docker: Docker, environ: Mapping[str, str]) -> Iterator[Finding]:
    yield from looked(ENGINES, "engines", lambda: engines(docker))
    yield from looked(ENGINES, "drivers", lambda: drivers(docker, environ))


def _running(platforms: list[Platform], docker: Docker) -> tuple[Finding, ...]:
    return tuple(looked(PLATFORMS, "emulators", lambda: running(platforms, docker)))
