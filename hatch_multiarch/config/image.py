"""``[tool.multiarch.image]`` and its outputs."""

# ruff: noqa: RUF009 - key() returns a dataclasses.field, which is what a default may be

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hatch_multiarch.config.keys import key

DOCKER_ARCHIVE = "docker-archive"
"""The output that holds one platform, and that no builder writes."""


@dataclass(frozen=True)
class Output:
    """One ``[[tool.multiarch.image.outputs]]``."""

    type: Literal[
        "oci", "layout", "docker-archive", "local", "tar", "docker", "image", "registry"
    ] = key(
        "`oci`: an OCI archive; `layout`: an OCI image layout folder; `docker-archive`: an "
        "archive of one platform for `docker load`; `local`, `tar`: the files of the image, by "
        "platform; `docker`: load into Docker; `image`: keep in the builder's image store; "
        "`registry`: push. `docker-archive` doesn't need BuildKit, `docker` only with "
        "`compression` or `cache`, and `oci`, `layout` and `registry` only with options."
    )
    platforms: tuple[str, ...] = key(
        "Platforms of the image, or globs, to include in this output.",
        default=("*",),
        check="platform_glob",
        distinct=True,
        single=True,
    )
    compression: Literal["gzip", "zstd", "uncompressed"] = key(
        "How layers are compressed.", default="gzip"
    )
    cache: bool = key(
        "Push the build cache as part of the image (`inline`), if it is based on scratch.",
        default=False,
    )

    @property
    def loads(self) -> bool:
        """Docker gets the finished image; with layers or a cache of its own it is BuildKit's."""
        return self.type == "docker" and self.compression == "gzip" and not self.cache

    @property
    def own(self) -> bool:
        """It needs no BuildKit."""
        plain = self.compression == "gzip" and self.platforms == ("*",) and not self.cache
        return (
            self.type == DOCKER_ARCHIVE
            or self.loads
            or (self.type in ("oci", "layout", "registry") and plain)
        )


@dataclass(frozen=True)
class Healthcheck:
    """``[tool.multiarch.image.healthcheck]``: how the runtime asks the program whether it is well.

    What is not set is the runtime's default (Docker's Dockerfile reference, HEALTHCHECK).
    """

    command: tuple[str, ...] = key(
        "The program and its arguments, in exec form. It exits with 0 if the container is healthy.",
        check="command_words",
    )
    interval: str = key(
        "Time between two checks: `30s`, `1m30s`. Default: that of the runtime, 30s.",
        default="",
        check="duration",
    )
    timeout: str = key(
        "Time limit for one check. Default: that of the runtime, 30s.", default="", check="duration"
    )
    start_period: str = key(
        "Time after the start during which failed checks don't count. Default: that of the "
        "runtime, none.",
        default="",
        check="duration",
    )
    retries: int | None = key(
        "Number of failed checks in a row that make the container unhealthy. Default: that of the"
        " runtime, 3.",
        default=None,
        most=1000,
    )


@dataclass(frozen=True)
class Image:
    """``[tool.multiarch.image]``: one multi-arch image over every Linux platform of the build."""

    name: str = key(
        "Repository name of the image. Default: the project's name.",
        default="",
        check="image_name",
    )
    tags: tuple[str, ...] = key(
        "Tags. `{version}` is replaced by the project's version, with `_` for `+`.",
        default=("{version}",),
        check="image_tag",
        distinct=True,
    )
    base: str = key(
        "The base image: `scratch`; `oci:PATH`, an OCI layout or archive; or an image in a "
        "registry, `NAME:TAG`, locked with `@sha256:...`. On a base with Python, the package is "
        "installed with its dependencies in `/opt/NAME`.",
        default="scratch",
        check="image_base",
    )
    package: bool = key(
        "Install the package on a base with Python. `false`: the image consists of the base and "
        "the helpers. If the project has scripts or dependencies, a base without Python is an "
        "error.",
        default=True,
    )
    helpers: tuple[str, ...] | None = key(
        "Helpers in the image. Default: all helpers that exist on the platform.",
        default=None,
        distinct=True,
    )
    extras: tuple[str, ...] = key(
        "Extras of the project to install the dependencies of, on a base with Python.",
        default=(),
        check="extra",
        distinct=True,
    )
    requirements: str = key(
        "Requirements file with exact versions and hashes, to install instead of resolving the "
        "project's dependencies.",
        default="",
        check="relative_path",
    )
    bytecode: bool = key(
        "Install `.pyc` files too. The build must then run on the same minor version of Python as"
        " the base.",
        default=False,
    )
    files: dict[str, str] = key(
        "Additional files or folders: path in the image -> path in the project. Not on `scratch`.",
        factory=dict,
        check="relative_path",
        keys="image_path",
    )
    entrypoint: tuple[str, ...] = key(
        "Entrypoint, in exec form. Default: the helper, if the image contains only one; on a base"
        " with Python, the project's script, if there is only one.",
        default=(),
        check="text",
    )
    cmd: tuple[str, ...] = key("Default arguments, in exec form.", default=(), check="text")
    env: dict[str, str] = key("Environment variables.", factory=dict, check="text", keys="env_name")
    user: str = key(
        "User, `UID[:GID]` in numbers, because `scratch` has no list of user names. Default: that"
        " of the base, or 65532:65532 on a base with Python whose user is root.",
        default="",
        check="image_user",
    )
    workdir: str = key("Working directory, absolute.", default="", check="absolute_path")
    ports: tuple[str, ...] = key(
        "Ports that the program listens on: `8080`, `53/udp`.",
        default=(),
        check="port",
        distinct=True,
    )
    volumes: tuple[str, ...] = key(
        "Folders for data that is kept after the container is removed, absolute.",
        default=(),
        check="plain_path",
        distinct=True,
    )
    stop_signal: str = key(
        "Signal that stops the program, such as `SIGINT`. Default: that of the runtime, SIGTERM.",
        default="",
        check="signal",
    )
    healthcheck: Literal["none"] | Healthcheck | None = key(
        "How the runtime checks that the program is healthy: a command in exec form, or a table "
        "as in `[tool.multiarch.image.healthcheck]`. `none` disables the base's health check. "
        "Default: that of the base. Docker uses it; Kubernetes has its own probes.",
        default=None,
        short="command",
    )
    labels: dict[str, str] = key(
        "Labels of the image config.", factory=dict, check="text", keys="label"
    )
    annotations: dict[str, str] = key(
        "Annotations of the index and the manifests, in addition to `org.opencontainers.image.*`,"
        " which come from the project metadata.",
        factory=dict,
        check="text",
        keys="label",
    )
    outputs: tuple[Output, ...] = key(
        "Where the image goes: names, or tables with options as in "
        "`[[tool.multiarch.image.outputs]]`.",
        default=(Output("oci"),),
        distinct=True,
        short="type",
    )
    sbom: str = key(
        "Attach an SBOM (SPDX) for each platform: `off`, `on`, or the image of a scanner, which "
        "needs BuildKit. `on` lists the Go modules of the helpers and, on a base, the Python "
        "distributions. For outputs that need BuildKit, it uses BuildKit's own scanner.",
        default="off",
        check="sbom",
    )
    provenance: Literal["off", "min", "max"] = key(
        "Attach provenance (SLSA): what compiled the helpers, from which Go modules; `max` adds "
        "the helpers' keys. For outputs that need BuildKit, it is BuildKit's provenance. That "
        "contains timestamps, so two indexes differ, although the manifests of the platforms stay"
        " equal, and `max` records the Dockerfile.",
        default="off",
    )

    @property
    def scanned(self) -> bool:
        """A scanner makes its SBOM, which only BuildKit runs."""
        return self.sbom not in ("off", "on")

    def by_buildkit(self, output: Output) -> bool:
        """Tell whether BuildKit writes *output*: it needs it, or a scanner has to look on."""
        # What docker loads is made of the image that is proven, whoever makes that.
        alone = output.type == DOCKER_ARCHIVE or output.loads
        return not alone if self.scanned else not output.own
