"""The image config: what runs, as whom and where (OCI image-spec 1.1, config.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.words import nearest
from hatch_multiarch.epoch import timestamp
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.health import health_words, healthcheck
from hatch_multiarch.image.layers import helper_path

if TYPE_CHECKING:
    from hatch_multiarch.config import Image
    from hatch_multiarch.image.layers import Layer
    from hatch_multiarch.plan import ImagePlan
    from hatch_multiarch.platforms import Platform

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""PATH unless the user sets one: the one that Docker and BuildKit give an image without."""


@dataclass(frozen=True)
class Command:
    """What a container of the image runs, the same on every platform."""

    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    health: tuple[str, ...] = ()
    """Of the health check, empty without one of the project's own."""


def command(plan: ImagePlan) -> Command:
    """Return entrypoint, cmd and health check with the program as an absolute path.

    The entrypoint defaults to the helper when the image holds just one. A helper's plain name is
    made absolute because nothing promises a search of PATH where there is no shell. Raises
    ImageError when the program is not in the image on one of its platforms.
    """
    image = plan.config
    programs = list(dict.fromkeys(_program_of(plan)))
    words = health_words(image)
    health = _resolved("healthcheck", words, plan) if words else ()
    if image.entrypoint:
        return Command(_resolved("entrypoint", image.entrypoint, plan), image.cmd, health)
    if len(programs) == 1:
        return Command((programs[0],), image.cmd, health)
    return Command((), _resolved("cmd", image.cmd, plan) if image.cmd else (), health)


def image_config(
    image: Image, run: Command, platform: Platform, layers: list[Layer], *, epoch: int
) -> dict[str, Any]:
    """Return the config document, its properties in the order of config.md, without empty ones.

    ``created`` and history come from ``epoch`` (seconds); history names no version of this plugin,
    so that an update alone does not change the image.
    """
    created = timestamp(epoch)
    execution: dict[str, Any] = {
        "User": image.user,
        "ExposedPorts": {port: {} for port in image.ports},
        "Env": [f"{name}={value}" for name, value in {"PATH": PATH, **image.env}.items()],
        "Entrypoint": list(run.entrypoint),
        "Cmd": list(run.cmd),
        "Volumes": {folder: {} for folder in image.volumes},
        "WorkingDir": image.workdir,
        "Labels": dict(sorted(image.labels.items())),
        "StopSignal": image.stop_signal,
        "Healthcheck": healthcheck(image, run.health),
    }
    return {
        "created": created,
        **platform_of(platform),
        "config": {name: value for name, value in execution.items() if value},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created": created, "created_by": "hatch-multiarch"} for _ in layers],
    }


def platform_of(platform: Platform) -> dict[str, str]:
    """Return *platform* as config and index write it (image-index.md, "platform")."""
    written = {"architecture": platform.architecture, "os": platform.os}
    return {**written, "variant": platform.variant} if platform.variant else written


def _program_of(plan: ImagePlan) -> list[str]:
    return [f"/{helper_path(unit)}" for _, units in plan.platforms for unit in units]


def _resolved(key: str, words: tuple[str, ...], plan: ImagePlan) -> tuple[str, ...]:
    """Return *words* with the program absolute; ``scratch`` holds the helpers and nothing else."""
    asked = words[0]
    for platform, units in plan.platforms:
        here = {unit.helper.name: f"/{helper_path(unit)}" for unit in units}
        program = here.get(asked, asked)
        if program not in here.values():
            message = (
                f'tool.multiarch.image.{key}: "{asked}" is not in the image on {platform.name}, '
                f"which holds {', '.join(here)}"
            )
            raise ImageError(message, advice=_advice(asked, list(here), plan))
    return (program, *words[1:])


def _advice(asked: str, here: list[str], plan: ImagePlan) -> str:
    name = asked.rpartition("/")[2]
    if any(unit.helper.name == name for _, units in plan.platforms for unit in units):
        if name in here:
            return f'write "{name}"'
        return (
            f"the program must exist on every platform: see tool.multiarch.helpers.{name}.platforms"
        )
    near = nearest(name, here)
    return f'did you mean "{near}"?' if near else "name one of the helpers"
