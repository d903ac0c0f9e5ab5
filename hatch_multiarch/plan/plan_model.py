"""The records of a plan: units, wheels and the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.config import Config, Helper, Image, Libc
    from hatch_multiarch.docker.builders import Builder
    from hatch_multiarch.docker.locate_buildx import Buildx
    from hatch_multiarch.docker.node_selection import Place
    from hatch_multiarch.plan.before import Command
    from hatch_multiarch.platforms import Platform

Mode = Literal["all", "one", "editable"]
"""``all`` platforms and the image (Hatch CLI), ``one`` wheel (PEP 517), or an ``editable`` one."""


@dataclass(frozen=True)
class Project:
    """The Python project, as far as a build needs it."""

    root: Path
    name: str
    version: str
    metadata: dict[str, object]
    """The ``[project]`` table, for image annotations."""
    member: bool = False
    """It is built with the other packages of a workspace."""


@dataclass(frozen=True)
class Unit:
    """One helper for one platform: compiled (or taken prebuilt) exactly once."""

    helper: Helper
    """With the overrides of the platform applied."""
    platform: Platform
    libc: Libc
    """The effective one: the floor raised to the least the toolchain and platform can do."""
    compiler: str
    """``none`` (pure Go), ``zig``, ``gcc``, a command, ``prebuilt`` (built elsewhere), or
    ``dockerfile`` (the project's own)."""
    source: Path
    """Absolute folder of the Go module, or the prebuilt binary."""
    output: Path
    """Absolute path of the binary."""
    workspace: Path | None = None
    """The go.work that it is compiled with."""
    member: str = ""
    """Path of a prebuilt binary in the archive ``source``; empty where that is the binary."""
    checksums: Path | None = None
    """Absolute path of the list in which the prebuilt ``source`` must be."""
    parts: tuple[Unit, ...] = ()
    """Those that are joined into a universal binary, a processor each; else empty."""
    owner: str = ""
    """The project's name, where several projects are built together."""

    @property
    def header(self) -> Path | None:
        """Absolute path of the C header that ships beside the binary, if one does."""
        return self.output.with_name(f"{self.helper.stem}.h") if self.helper.header else None

    @property
    def id(self) -> str:
        """How progress and errors name the unit: ``greet linux/arm64``, after its owner."""
        return f"{self.shown} {self.platform.name}"

    @property
    def shown(self) -> str:
        """``greet``, or ``alpha: greet`` where several projects are built together."""
        return f"{self.owner}: {self.helper.name}" if self.owner else self.helper.name


@dataclass(frozen=True)
class WheelPlan:
    """One wheel: a platform and the units in it."""

    platform: Platform
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class ImagePlan:
    """The image: its config and, for each Linux platform, the units in it."""

    config: Image
    reference: str
    tags: tuple[str, ...]
    platforms: tuple[tuple[Platform, tuple[Unit, ...]], ...]
    buildkit: bool = False
    """It has outputs or an SBOM that BuildKit makes; all else is written without."""
    offline: bool = False
    """The base comes from the cache; no registry is asked for it."""
    fewer: bool = False
    """A tag may lose platforms that its image has."""


@dataclass(frozen=True)
class Docker:
    """The buildx that builds, on which builder, and which of its nodes does what."""

    buildx: Buildx
    builder: Builder
    places: tuple[Place, ...]
    """By platform, in the order of the plan; none when this machine compiles."""
    image_builder: Builder | None = None
    """What puts the image together, if not the builder."""


@dataclass(frozen=True)
class Choice:
    """The engine that a build takes."""

    engine: Literal["host", "buildkit"] = "host"
    docker: Docker | None = None
    notes: tuple[str, ...] = ()
    """Why, where the user left it open."""


@dataclass(frozen=True)
class Plan:
    """Everything a build would do, in the order of the config."""

    project: Project
    config: Config
    mode: Mode
    engine: str
    units: tuple[Unit, ...]
    wheels: tuple[WheelPlan, ...]
    image: ImagePlan | None
    notes: tuple[str, ...]
    """What was decided for the user and why, one line each."""
    before: tuple[Command, ...] = ()
    """What runs first, once."""
    docker: Docker | None = None
    """What BuildKit needs, where it compiles or puts the image together."""

    @property
    def engine_units(self) -> tuple[Unit, ...]:
        """What the engine makes, each once: the units, and of one that is joined its parts."""
        every = (part for unit in self.units for part in unit.parts or (unit,))
        return tuple({unit.id: unit for unit in every}.values())
