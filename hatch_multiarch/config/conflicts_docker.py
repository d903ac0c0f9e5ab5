"""Conflicts between keys of the image, the builder stage and the builder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.config.buildkit import Stage
from hatch_multiarch.config.image import DOCKER_ARCHIVE, Output
from hatch_multiarch.config.keys import toml_name
from hatch_multiarch.config.messages import ROOT, Conflict, show, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.config.buildkit import BuilderConfig, NodeConfig
    from hatch_multiarch.config.image import Image
    from hatch_multiarch.config.model import Config

# buildx builder.Create, and what the factories of driver/ refuse; the docker driver's builder is
# docker's own, of which nothing can be set.
_REFUSED = {
    "docker": ("driver_options", "config", "platforms", "flags"),
    "remote": ("config", "flags"),
    "kubernetes": ("endpoint",),
}


_NO_LAYERS = {
    "local": "has no layers",
    "tar": "has no layers",
    DOCKER_ARCHIVE: "is always gzip and has no cache",
}
"""Outputs that have nothing to set of layers, and why."""


def of_docker(config: Config) -> Iterator[Conflict]:
    """Yield the conflicts inside of image, stage and builder."""
    if config.image is not None:
        yield from _of_image(config.image, [helper.name for helper in config.helpers])
    yield from _of_stage(config.stage)
    if config.builder is not None:
        yield from _of_driver(config.builder)
        yield from _of_nodes(config.builder.driver, config.builder.nodes)


def _of_image(image: Image, names: list[str]) -> Iterator[Conflict]:
    for index, name in enumerate(image.helpers or ()):
        if name not in names:
            key = f"{ROOT}.image.helpers[{index}]"
            yield Conflict(key, unknown("helper", name, names), (f"{ROOT}.image.helpers",))
    yield from _of_base(image)
    types = [output.type for output in image.outputs]
    for index, output in enumerate(image.outputs):
        first = types.index(output.type)
        paths = [f"{ROOT}.image.outputs[{each}]" for each in (index, first)]
        if first != index:
            message = (
                f"{show(output.type)} is listed twice, and the second would replace the first; "
                "give one all the platforms"
            )
            yield Conflict(paths[0], message, (paths[1], *(f"{path}.type" for path in paths)))
        for key in ("compression", "cache"):
            given = getattr(output, key) != getattr(Output(output.type), key)
            if given and output.type in _NO_LAYERS:
                why = _NO_LAYERS[output.type]
                message = f"has no effect on {show(output.type)}, which {why}; remove it"
                yield Conflict(f"{paths[0]}.{key}", message, (f"{paths[0]}.type",))


def _of_base(image: Image) -> Iterator[Conflict]:
    """Yield what needs a base, and what says the same twice."""
    path = f"{ROOT}.image"
    base = (f"{path}.base",)
    if image.base == "scratch":
        for key in ("extras", "requirements", "bytecode", "files"):
            if getattr(image, key):
                message = 'has no effect on "scratch"; set base, or remove it'
                yield Conflict(f"{path}.{key}", message, base)
        if image.healthcheck == "none":
            message = '"none" has no effect on "scratch", which has no check; remove it'
            yield Conflict(f"{path}.healthcheck", message, base)
        return
    for key in ("extras", "requirements", "bytecode"):
        if not image.package and getattr(image, key):
            message = "has no effect without the package; set package = true, or remove it"
            yield Conflict(f"{path}.{key}", message, (f"{path}.package",))
    if image.extras and image.requirements:
        message = "has no effect together with requirements; remove one of the two"
        yield Conflict(f"{path}.extras", message, (f"{path}.requirements",))
    for index, output in enumerate(image.outputs):
        if output.cache:
            where = f"{path}.outputs[{index}]"
            message = "has no effect with a base; remove it"
            yield Conflict(f"{where}.cache", message, (*base, where))


def _of_stage(stage: Stage) -> Iterator[Conflict]:
    path, plain = f"{ROOT}.stage", Stage()
    for key in ("image", "go"):
        if stage.dockerfile and getattr(stage, key) != getattr(plain, key):
            message = "has no effect with your own dockerfile; remove it, or dockerfile"
            yield Conflict(f"{path}.{key}", message, (f"{path}.dockerfile",))
    for key in ("target", "folder"):
        if getattr(stage, key) != getattr(plain, key) and not stage.dockerfile:
            message = "has no effect without your own dockerfile; set it, or remove this key"
            yield Conflict(f"{path}.{key}", message, (f"{path}.dockerfile",))


def _of_driver(builder: BuilderConfig) -> Iterator[Conflict]:
    """Yield what the driver cannot do."""
    path = f"{ROOT}.builder"
    driver, nodes = f"{path}.driver", [f"{path}.nodes[{i}]" for i in range(len(builder.nodes))]
    tables = [(path, builder), *zip(nodes, builder.nodes, strict=True)]
    for table, values in tables:
        for key in _REFUSED.get(builder.driver, ()):
            if getattr(values, key, None):
                message = f"the {builder.driver} driver takes none; remove it, or change the driver"
                yield Conflict(f"{table}.{toml_name(key)}", message, (driver,))
    if builder.driver == "docker" and len(nodes) > 1:
        message = 'the docker driver has one node; set driver = "docker-container" for several'
        yield Conflict(f"{path}.nodes", message, (driver,))
    if builder.driver == "remote":
        if not nodes:
            message = "the remote driver needs at least one, with the endpoint of its buildkitd"
            yield Conflict(f"{path}.nodes", message, (driver,))
        for table, node in zip(nodes, builder.nodes, strict=True):
            if "://" not in node.endpoint:
                key = f"{table}.endpoint"
                message = (
                    "the remote driver needs buildkitd's address, such as 'tcp://arm-box:1234'"
                )
                yield Conflict(key, message, (driver, table))


def _of_nodes(driver: str, nodes: tuple[NodeConfig, ...]) -> Iterator[Conflict]:
    """Yield names and endpoints that are there twice; buildx refuses either."""
    here = [index for index, node in enumerate(nodes) if not node.endpoint]
    for index in here[1:] if driver == "docker-container" else ():
        paths = [f"{ROOT}.builder.nodes[{each}]" for each in (index, here[0])]
        message = (
            f"missing, as in nodes[{here[0]}]: both nodes would be the local docker; give each "
            "its own endpoint"
        )
        yield Conflict(f"{paths[0]}.endpoint", message, (f"{ROOT}.builder.driver", *paths))
    for key in ("name", "endpoint"):
        given = [getattr(node, key) for node in nodes]
        for index, value in enumerate(given):
            first = given.index(value)
            if value and first != index:
                paths = [f"{ROOT}.builder.nodes[{each}]" for each in (index, first)]
                message = f"{show(value)} is the {key} of an earlier node too; change one"
                yield Conflict(f"{paths[0]}.{key}", message, (*paths, f"{paths[1]}.{key}"))
