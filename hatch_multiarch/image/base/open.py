"""Opens the base that the key ``base`` names."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.image.base.base_image import SCRATCH, ScratchBase
from hatch_multiarch.image.base.local import LocalBase
from hatch_multiarch.plan.planner import LOCAL_BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.image.base.base_image import Base
    from hatch_multiarch.platforms import Platform
    from hatch_multiarch.registry import Pace


def find_base(
    name: str,
    root: Path,
    environ: Mapping[str, str],
    platforms: Sequence[Platform],
    *,
    offline: bool = False,
    pace: Pace | None = None,
) -> str:
    """Return the digest of the base *name*, which has all *platforms*; empty for one without.

    The rest is as for ``open_base``. Raises ImageError when it lacks a platform, and RegistryError.
    """
    with open_base(name, root, environ, offline=offline, pace=pace) as base:
        base.check(platforms)
        return base.digest


@contextmanager
def open_base(
    name: str,
    root: Path,
    environ: Mapping[str, str],
    *,
    offline: bool = False,
    doing: Callable[[str], None] = lambda _: None,
    digest: str = "",
    pace: Pace | None = None,
) -> Iterator[Base]:
    """Open the base *name* of the project in *root*: ``scratch``, ``oci:PATH`` or a reference.

    Credentials and the cache of a registry's are those of *environ*; *offline*, it is read from
    the cache alone. *doing* hears how far a download is. A *digest* is that of its tag, as
    ``find_base`` found it, which is not asked for again then. Raises ImageError, and RegistryError
    also while it is used.
    """
    if name == SCRATCH:
        yield ScratchBase()
        return
    if name.startswith(LOCAL_BASE):
        try:
            local = LocalBase(root / name.removeprefix(LOCAL_BASE), name)
        except OSError as error:
            message = f"tool.multiarch.image.base: {name} cannot be read: {error.strerror}"
            raise ImageError(message) from None
        with closing(local):
            yield local
        return
    from hatch_multiarch.image.base.remote import RegistryBase  # noqa: PLC0415 - most builds need no http
    from hatch_multiarch.registry import Cache, Puller, parse_pull  # noqa: PLC0415 - the same

    reference = parse_pull(name)
    if digest:
        reference = replace(reference, digest=digest)
    cache = Cache.of(environ)
    puller = Puller(reference, environ, cache, offline=offline, pace=pace, doing=doing)
    with closing(puller):
        try:
            yield RegistryBase(puller, name)
        except RegistryError as error:
            message = f"tool.multiarch.image.base: {error.message}"
            raise RegistryError(message, advice=error.advice) from None
