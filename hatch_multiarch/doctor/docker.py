"""How far one gets with docker: the command, buildx, a builder, its nodes, and logins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.buildx.builders import inspect_builder
from hatch_multiarch.buildx.find import find_buildx
from hatch_multiarch.config.words import printable
from hatch_multiarch.doctor import install
from hatch_multiarch.doctor.records import DOCKER, Finding
from hatch_multiarch.errors import MultiarchError
from hatch_multiarch.plan.make import in_registry
from hatch_multiarch.registry import parse, parse_pull
from hatch_multiarch.registry.credentials import find_login

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_multiarch.buildx.builders import Builder
    from hatch_multiarch.buildx.find import Buildx
    from hatch_multiarch.plan import ImagePlan


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
            says = self.buildx.server or "its daemon is not needed: builds go elsewhere"
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
            says = "none: only what anybody may push can be pushed"
            yield Finding(DOCKER, what, False, says, f"docker login {registry}")  # noqa: FBT003
        else:
            yield Finding(DOCKER, what, works=True, says="none: pulled as anybody may")
