"""``[tool.multiarch.image]`` and its outputs."""

# ruff: noqa: RUF009 - key() returns a dataclasses.field, which is what a default may be

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hatch_multiarch.config.keys import key


@dataclass(frozen=True)
class Output:
    """One ``[[tool.multiarch.image.outputs]]``."""

    type: Literal["oci", "layout", "local", "tar", "docker", "image", "registry"] = key(
        "`oci`: an OCI archive; `layout`: an OCI image layout folder; `local`, `tar`: the files of "
        "the image, by platform; `docker`: load into docker; `image`: keep in the builder's image "
        "store; `registry`: push. `oci`, `layout` and `registry` need no BuildKit as long as they "
        "have no options."
    )
    platforms: tuple[str, ...] = key(
        "Platforms or globs of the image to put out.",
        default=("*",),
        check="platform_glob",
        distinct=True,
        single=True,
    )
    compression: Literal["gzip", "zstd", "uncompressed"] = key(
        "How layers are compressed.", default="gzip"
    )
    cache: bool = key("Push the build cache inside the image (`inline`).", default=False)


@dataclass(frozen=True)
class Image:
    """``[tool.multiarch.image]``: one multi-arch image over every Linux platform of the build."""

    name: str = key(
        "Repository name of the image. Default: the project's name.",
        default="",
        check="image_name",
    )
    tags: tuple[str, ...] = key(
        "Tags; `{version}` stands for the project's version, with `+` written `_`.",
        default=("{version}",),
        check="image_tag",
        distinct=True,
    )
    base: Literal["scratch"] = key("What the image starts from.", default="scratch")
    helpers: tuple[str, ...] | None = key(
        "Helpers in the image. Default: all that exist on the platform.",
        default=None,
        distinct=True,
    )
    entrypoint: tuple[str, ...] = key(
        "Entrypoint, in exec form. Default: the helper, when the image holds just one.",
        default=(),
        check="text",
    )
    cmd: tuple[str, ...] = key("Default arguments, in exec form.", default=(), check="text")
    env: dict[str, str] = key("Environment variables.", factory=dict, check="text", keys="env_name")
    user: str = key(
        "User, `UID[:GID]` in numbers: `scratch` has no file of user names.",
        default="",
        check="image_user",
    )
    workdir: str = key("Working directory, absolute.", default="", check="absolute_path")
    labels: dict[str, str] = key(
        "Labels of the image config.", factory=dict, check="text", keys="label"
    )
    annotations: dict[str, str] = key(
        "Annotations of index and manifests, beside `org.opencontainers.image.*` which come from "
        "the project metadata.",
        factory=dict,
        check="text",
        keys="label",
    )
    outputs: tuple[Output, ...] = key(
        "What becomes of the image: names, or tables with options as in "
        "`[[tool.multiarch.image.outputs]]`.",
        default=(Output("oci"),),
        distinct=True,
        short="type",
    )
    sbom: str = key(
        "Attach an SBOM (SPDX) of each platform: `off`, `on`, or the image of a scanner, which "
        "needs BuildKit. `on` lists the Go modules of the helpers where no output needs BuildKit, "
        "and else takes BuildKit's own scanner.",
        default="off",
        check="sbom",
    )
    provenance: Literal["off", "min", "max"] = key(
        "Attach provenance (SLSA): what compiled the helpers, from which Go modules; `max` adds "
        "their keys. Where an output needs BuildKit it is BuildKit's: it holds times, so that two "
        "indexes differ, while the manifests of the platforms stay equal, and `max` records the "
        "Dockerfile.",
        default="off",
    )
