"""Checks of docker: the command, buildx, a builder, its nodes, and logins."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_type_hints

from hatch_multiarch.config import BuilderConfig
from hatch_multiarch.config.messages import printable
from hatch_multiarch.docker.builders import inspect_builder
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.doctor import install
from hatch_multiarch.doctor.finding import DOCKER, ENGINES, Finding
from hatch_multiarch.errors import MultiarchError
from hatch_multiarch.plan.image_plan import in_registry
from hatch_multiarch.registry import parse, parse_pull
from hatch_multiarch.registry.credentials import find_login

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_multiarch.docker.builders import Builder
    from hatch_multiarch.docker.locate_buildx import Buildx
    from hatch_multiarch.plan import ImagePlan


DRIVERS = get_args(get_type_hints(BuilderConfig)["driver"])
"""Of buildx, in the order of ``tool.multiarch.builder.driver``."""


@dataclass(frozen=True)
class Docker:
    """What works of it, and what does not."""

    buildx: Buildx | None = None
    builder: Builder | None = None
    error: MultiarchError | None = None

    @classmethod
    def ask(cls, environ: Mapping[str, str], name: str, *, daemon: bool = True) -> Docker:
        """Ask docker for the builder *name*, or for the one in use; nothing is raised."""
        buildx = None
        try:
            buildx = find_buildx(environ, daemon=daemon)
            return cls(buildx, inspect_builder(buildx, name))
        except MultiarchError as error:
            return cls(buildx, None, error)

    def notes(self) -> tuple[str, ...]:
        """Return why a build would not be BuildKit's."""
        return (f"not by BuildKit: {self.error.message}",) if self.error else ()

    def findings(self) -> Iterator[Finding]:
        """Yield how far one gets."""
        error = self.error
        if self.buildx:
            says = self.buildx.server or "its daemon is not needed: builds run elsewhere"
            yield Finding(DOCKER, "docker", True, printable(says))  # noqa: FBT003
            yield Finding(DOCKER, "buildx", True, str(self.buildx.version))  # noqa: FBT003
        if error:
            what = "builder" if self.buildx else "docker"
            fix, hint = install.command(error.advice)
            yield Finding(DOCKER, what, False, error.message, fix, hint)  # noqa: FBT003
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


def engines(docker: Docker) -> Iterator[Finding]:
    """Yield both engines and whether each would work now."""
    says = "this machine; `hatch build` installs Go and zig if they are missing"
    yield Finding(ENGINES, "host", works=True, says=says)
    if docker.error:
        fix, _ = install.command(docker.error.advice)
        says = docker.error.message.partition("\n")[0]
        yield Finding(ENGINES, "buildkit", works=False, says=says, fix=fix)
    elif docker.builder:
        alone = ", one platform at a time" if docker.builder.classic else ""
        says = f"on the builder {docker.builder.name}{alone}"
        yield Finding(ENGINES, "buildkit", works=True, says=says)


def drivers(docker: Docker, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield which drivers a builder could be made with; what is far away is not asked."""
    if docker.buildx is None:
        return
    lacks = {}
    if not docker.buildx.server:
        lacks["docker"] = lacks["docker-container"] = "no daemon answers"
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    files = environ.get("KUBECONFIG") or f"{home}/.kube/config"
    if not any(Path(each).is_file() for each in files.split(os.pathsep)):
        lacks["kubernetes"] = "there is no kubeconfig"
    for name in DRIVERS:
        says = lacks.get(name, "can be used")
        store = docker.builder is not None and docker.builder.containerd
        if name == "docker" and docker.builder and name not in lacks and not store:
            says += "; its image store is not containerd's, so it holds only one platform"
        yield Finding(ENGINES, f"driver {name}", name not in lacks, says)


def logins(image: ImagePlan | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether there is a login for each registry of *image*; what it is stays unsaid.

    A base may be pulled by anybody more often than not, so that only what is pushed wants one.
    """
    if image is None:
        return
    uses: dict[str, str] = {}
    if in_registry(image.config.base):
        uses[parse_pull(image.config.base).registry] = "pulled from"
    if "/" in image.reference:
        uses[parse(image.reference).registry] = "pushed to"
    for registry, use in uses.items():
        what = f"login to {registry}"
        kept = find_login(registry, environ)
        if kept:
            yield Finding(DOCKER, what, works=True, says=f"in {kept}")
        elif use == "pushed to":
            says = "none: only pushes without a login can work"
            yield Finding(DOCKER, what, False, says, f"docker login {registry}")  # noqa: FBT003
        else:
            yield Finding(DOCKER, what, works=True, says="none: pulled without a login")
