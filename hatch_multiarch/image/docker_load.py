"""Loads the finished image into docker: for the output ``docker``, and for BuildKit to start from.

docker's containerd store takes the index, with all platforms and attestations; its older one takes
one platform. Which it is must be known before anything is compiled. What docker has afterwards is
compared with what was made: the older store names an image by the digest of its config (Docker
Image Specification v1.2, "ImageID"), containerd's by that of the index. The output goes through the
docker SDK for Python.

BuildKit reads no layout where docker keeps images in its older store (dockerd,
builder-next/adapters/containerimage: images of registries and of docker, no other source), so that
docker has to hold the image, under a name of its own, before BuildKit can start from it.
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hatch_multiarch import process
from hatch_multiarch.docker.builders import last_words
from hatch_multiarch.docker.drivers import TURN_ON
from hatch_multiarch.docker.sdk import Store, connect, daemon, store_of
from hatch_multiarch.errors import EngineError, PlanError
from hatch_multiarch.image.archives import write_docker_archive, write_oci_archive
from hatch_multiarch.image.base.base_manifest import accepted
from hatch_multiarch.image.built import Published
from hatch_multiarch.platforms import lookup, match

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hatch_multiarch.config import Output
    from hatch_multiarch.docker.locate_buildx import Buildx
    from hatch_multiarch.image.built import BuiltImage
    from hatch_multiarch.plan import ImagePlan

INSTALL = (
    "a plain `hatchling build` doesn't install it: use `hatch build`, or install "
    "hatch-multiarch[docker]"
)

TIMEOUT = 600.0
"""Seconds for docker to unpack an image."""


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


@contextmanager
def held(
    buildx: Buildx, image: BuiltImage, platform: str, plan: ImagePlan, *, folder: Path, epoch: int
) -> Iterator[str]:
    """Yield the name under which docker has *platform* of *image*; the name is gone afterwards.

    Works in *folder*. Raises EngineError when docker does not take the image as it is, and
    ImageError of the archive.
    """
    named = replace(plan, reference=f"hatch-multiarch-{os.urandom(8).hex()}", tags=("finished",))
    name = f"{named.reference}:finished"
    [built] = [each for each in image.platforms if each.platform.name == platform]
    archive = folder / "held.tar"
    write_docker_archive(archive, image, built, named, epoch=epoch)
    try:
        _docker(buildx, "load", "--quiet", f"--input={archive}")
        has = _docker(buildx, "image", "inspect", "--format={{.Id}}", name)
        # This store names an image by its config, which holds the digests of its files.
        if has != built.config:
            raise EngineError(f"docker has {has} as {name}, and not {built.config}")
        yield name
    finally:
        archive.unlink()
        process.run([buildx.docker, "image", "rm", name], env=buildx.environ, timeout=TIMEOUT)


def _docker(buildx: Buildx, *words: str) -> str:
    """Return what ``docker`` *words* prints. Raises EngineError."""
    done = process.run([buildx.docker, *words], env=buildx.environ, timeout=TIMEOUT)
    if done.code != 0:
        raise EngineError(f"docker {words[0]} failed: {last_words(done)}")
    return done.out.strip()
