"""The output ``docker``: loads the finished image through the docker SDK for Python.

docker's containerd store takes the index, with all platforms and attestations; its older one takes
one platform. Which it is must be known before anything is compiled. What docker has afterwards is
compared with what was made: the older store names an image by the digest of its config (Docker
Image Specification v1.2, "ImageID"), containerd's by that of the index.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch.docker.drivers import TURN_ON
from hatch_multiarch.docker.sdk import Store, connect, daemon, store_of
from hatch_multiarch.errors import EngineError, PlanError
from hatch_multiarch.image.archives import write_docker_archive, write_oci_archive
from hatch_multiarch.image.base.base_manifest import accepted
from hatch_multiarch.image.built import Published
from hatch_multiarch.platforms import lookup, match

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_multiarch.config import Output
    from hatch_multiarch.image.built import BuiltImage
    from hatch_multiarch.plan import ImagePlan

INSTALL = (
    "a plain `hatchling build` doesn't install it: use `hatch build`, or install "
    "hatch-multiarch[docker]"
)


@dataclass(frozen=True)
class Loading:
    """What docker is going to get."""

    store: Store
    platforms: tuple[str, ...]
    note: str
    """What was decided for the user and why; may be empty."""


def loading(plan: ImagePlan | None, environ: Mapping[str, str]) -> Loading | None:
    """Ask docker how it takes the image of *plan*; None when it is to get none.

    Raises EngineError when docker or its SDK is missing, and PlanError when docker's store has no
    room for what is asked.
    """
    for index, output in enumerate(plan.config.outputs if plan else ()):
        names = [each.name for each, _ in plan.platforms] if plan else []
        mine = [name for name in names if match(name, output.platforms)]
        if output.loads and mine:
            where = f"tool.multiarch.image.outputs[{index}]"
            client = connect(environ, f"{where}: to load the image into docker", INSTALL)
            with closing(client), daemon():
                store = store_of(client)
            return choose(store, output, mine, where)
    return None


def choose(store: Store, output: Output, mine: list[str], where: str) -> Loading:
    """Return what docker's *store* gets of the platforms *mine*. Raises PlanError for none.

    *where* is the key of *output* in the config.
    """
    if store.containerd or (len(mine) == 1 and output.platforms != ("*",)):
        return Loading(store, tuple(mine), "")
    own = lookup(store.platform)
    for name in accepted(own) if own else ():
        if name in mine:
            note = f"docker gets {name} alone: its image store is not containerd's"
            return Loading(store, (name,), note if len(mine) > 1 else "")
    raise PlanError(
        f"{where}: docker takes one platform, its own {store.platform}, and this build has "
        f"{', '.join(mine)}",
        advice=f'select the one to load, {where}.platforms = "{mine[0]}"; or turn on '
        f"docker's containerd image store, which supports all: {TURN_ON}",
    )


def load(
    found: Loading,
    image: BuiltImage,
    plan: ImagePlan,
    *,
    aside: Path,
    environ: Mapping[str, str],
    epoch: int,
) -> tuple[Published, ...]:
    """Load the proven *image*, in the folder *aside* first; return what docker has of it, by tag.

    Raises EngineError when docker takes it not, or not as it is, and ImageError of the archive.
    """
    archive = aside / ".load.tar"
    if found.store.containerd:
        digest = write_oci_archive(archive, image, found.platforms, plan, epoch=epoch)
        held = digest
    else:
        [built] = [each for each in image.platforms if each.platform.name in found.platforms]
        write_docker_archive(archive, image, built, plan, epoch=epoch)
        digest, held = built.digest, built.config
    names = [f"{plan.reference}:{tag}" for tag in plan.tags]
    client = connect(environ, "docker", INSTALL)
    with closing(client), daemon():
        _send(client, archive)
        for name in names:
            has = client.images.get(name).id
            if has != held:
                raise EngineError(
                    f"docker has {has} as {name}, not {held}, which was loaded",
                    advice="make sure that nothing else gives that name to images, and build again",
                )
    archive.unlink()
    return tuple(Published("docker", name, digest) for name in names)


def _send(client: Any, archive: Path) -> None:
    """Stream *archive* to docker. Raises what the SDK does, and its ImageLoadError."""
    from docker.errors import ImageLoadError  # noqa: PLC0415 - an extra

    with archive.open("rb") as file:
        for said in client.api.load_image(file, quiet=True):
            if "errorDetail" in said:
                raise ImageLoadError(said["errorDetail"]["message"])
