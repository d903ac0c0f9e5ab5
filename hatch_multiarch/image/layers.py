"""A layer: the helpers of one platform as a reproducible ``tar+gzip``.

OCI image-spec 1.1, layer.md. Owner, mode, mtime and order are fixed, and gzip's header carries
neither name nor time (RFC 1952, section 2.3). What deflate makes of the bytes depends on the zlib
that Python was built with (zlib-ng differs from zlib): the same machine always gives the same
layer digest, any machine gives the same diff_id, which is that of the uncompressed tar.
"""

from __future__ import annotations

import gzip
import os
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.stream import Sink, Source, Tar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_multiarch.engine.base import Binary
    from hatch_multiarch.plan import Unit

FOLDER = "usr/local/bin"
"""Where the helpers are in the image."""
LEVEL = 6
"""gzip's level: 9 takes three times as long to save 0.2 % of a Go binary."""


@dataclass(frozen=True)
class Layer:
    """A layer, written."""

    path: Path
    digest: str
    """Of the compressed bytes; the registry's name of it."""
    diff_id: str
    """Digest of the uncompressed tar (image-spec config.md, "Layer DiffID")."""
    size: int
    """Compressed, in bytes."""
    files: dict[str, str]
    """Path in the image (no leading slash) -> sha256, hex."""


def helper_path(unit: Unit) -> str:
    """Return where the helper of *unit* lies in the image: ``usr/local/bin/greet``."""
    return f"{FOLDER}/{unit.helper.name}"


def write_layer(path: Path, binaries: Sequence[Binary], *, epoch: int, workdir: str = "") -> Layer:
    """Write *binaries* as one layer to the new file *path*; ``epoch`` in seconds is every mtime.

    It holds the folder *workdir* (absolute) too, as an image by WORKDIR of a Dockerfile does. The
    bytes are hashed as they pass; raises ImageError when they are not those that were built, and
    for a *workdir* that is not a folder.
    """
    files: dict[str, str] = {}
    folders = {*_parents(FOLDER), *_parents(workdir.strip("/"))}
    for binary in binaries:
        if helper_path(binary.unit) in folders:
            raise ImageError(
                f"tool.multiarch.image.workdir: {workdir} leads through the helper "
                f"/{helper_path(binary.unit)}"
            )
    with path.open("xb") as out:
        packed = Sink(out)
        with gzip.GzipFile("", "wb", LEVEL, packed, mtime=0) as deflate:
            plain = Sink(deflate)
            with closing(Tar(plain, epoch=epoch)) as tar:
                for folder in sorted(folders):
                    tar.folder(folder)
                for binary in sorted(binaries, key=lambda each: helper_path(each.unit)):
                    files[helper_path(binary.unit)] = _add(tar, binary)
    return Layer(path, packed.digest, plain.digest, packed.size, files)


def _add(tar: Tar, binary: Binary) -> str:
    with binary.path.open("rb") as file:
        source = Source(file)
        size = os.fstat(file.fileno()).st_size
        tar.file(helper_path(binary.unit), source, size, mode=0o755)
    if source.sha256 != binary.sha256:
        message = (
            f"{binary.unit.id}: {binary.path} changed after it was built: "
            f"sha256 {source.sha256}, expected {binary.sha256}"
        )
        raise ImageError(message, advice="build again, with nothing else writing to that folder")
    return source.sha256


def _parents(folder: str) -> list[str]:
    """Return *folder* and all above it, outermost first; nothing above an empty one."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
