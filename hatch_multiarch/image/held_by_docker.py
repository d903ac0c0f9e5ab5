"""The finished image under a name of its own in docker's older image store.

BuildKit reads no layout where docker keeps images in that store (dockerd,
builder-next/adapters/containerimage: images of registries and of docker, no other source), so that
docker has to hold the image before BuildKit can start from it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.docker.builders import last_words
from hatch_multiarch.errors import EngineError
from hatch_multiarch.image.archives import write_docker_archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hatch_multiarch.docker.locate_buildx import Buildx
    from hatch_multiarch.image.built import BuiltImage
    from hatch_multiarch.plan import ImagePlan

TIMEOUT = 600.0
"""Seconds for docker to unpack an image."""


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
