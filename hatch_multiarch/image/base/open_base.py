"""Opens the base that the key ``base`` names; an OCI layout or an archive of one is read here."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.image.base.base_image import SCRATCH, ScratchBase
from hatch_multiarch.image.base.base_manifest import base_image, choose, missing, platform_manifests
from hatch_multiarch.oci.archive_writer import INDEX_JSON
from hatch_multiarch.oci.file_store import FolderStore
from hatch_multiarch.oci.layout_source import LayoutSource
from hatch_multiarch.oci.media_types import INDEXES, REF_NAME
from hatch_multiarch.oci.tar_store import TarStore
from hatch_multiarch.oci.walk import Walk
from hatch_multiarch.plan.image_plan import LOCAL_BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.image.base.base_image import Base, BaseImage
    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.oci.file_store import Store
    from hatch_multiarch.oci.image_source import VerifyingReader
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


class LocalBase:
    """The OCI layout *path* (image-layout.md), be it a folder or an archive.

    Raises ImageError when it is none, or holds several images. A file stays open until ``close``.
    """

    def __init__(self, path: Path, source: str) -> None:
        self.source = source
        self.name = ""
        self.digest = ""
        self._file = None if path.is_dir() else path.open("rb")
        try:
            store: Store = TarStore(self._file, source) if self._file else FolderStore(path)
            self._layout = LayoutSource(store, source)
            self._walk = Walk(self._layout)
            self._found = self._manifests()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the archive."""
        if self._file is not None:
            self._file.close()

    def check(self, platforms: Sequence[Platform]) -> None:
        """Raise ImageError when it lacks one of *platforms*; nothing is unpacked."""
        choose(self._found, platforms, self.source)

    def resolve(self, platform: Platform) -> BaseImage:
        """Return the image of *platform*. Raises ImageError."""
        [chosen] = choose(self._found, [platform], self.source)
        return base_image(self._walk, chosen, platform)

    def open(self, blob: Descriptor) -> VerifyingReader:
        """Return the bytes of *blob* to be read once. Raises ImageError when it is not there."""
        if self._layout.store.size(blob.path) is None:
            raise missing(self.source, blob)
        return self._layout.open(blob)

    def _manifests(self) -> list[Descriptor]:
        """Read ``index.json``, which names an image, or is the index of one without a name."""
        if self._layout.store.size(INDEX_JSON) is None:
            raise ImageError(
                f"tool.multiarch.image.base: {self.source} is not an OCI layout: "
                "index.json is missing",
                advice="make one with `skopeo copy --all docker://NAME oci-archive:FILE`",
            )
        listed = [each for each, _ in self._layout.roots()]
        if len(listed) > 1 and any(each.media_type in INDEXES or _tag(each) for each in listed):
            names = ", ".join(_tag(each) or each.digest for each in listed)
            raise ImageError(
                f"tool.multiarch.image.base: {self.source} contains several images ({names})",
                advice="copy the one to use to its own layout",
            )
        self.digest = listed[0].digest if len(listed) == 1 else ""
        return platform_manifests(self._walk, listed)


def _tag(each: Descriptor) -> str:
    return each.annotations.get(REF_NAME, "")
