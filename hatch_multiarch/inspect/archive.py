"""An image in a file or a folder: OCI archive, OCI layout, ``docker save``."""

from __future__ import annotations

import hashlib
import posixpath
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import ImageError
from hatch_multiarch.inspect.records import Image, Inspected, Layer, Manifest
from hatch_multiarch.inspect.walk import manifests, walk
from hatch_multiarch.oci import documents
from hatch_multiarch.oci.documents import INDEXES, LIMIT, Entry
from hatch_multiarch.oci.store import FolderStore, TarStore, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hatch_multiarch.oci.store import Store


class Archive:
    """An image archive or layout folder, open for reading."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.source = store.source
        self.places: dict[str, str] = {}
        """Digest -> file, where an archive does not keep blobs under their digests."""
        self._documents: dict[str, Any] = {}

    def inspected(self) -> Inspected:
        """Return what is in it. Raises ImageError; the digest of all that is read is checked."""
        if self.store.size("index.json") is not None:
            folder = isinstance(self.store, FolderStore)
            return Inspected(self.source, "oci-layout" if folder else "oci-archive", self._layout())
        if self.store.size("manifest.json") is not None:
            return Inspected(self.source, "docker-archive", self._docker())
        raise ImageError(
            f"{self.source}: neither index.json (OCI) nor manifest.json (docker save) is in it",
            advice="inspect takes an OCI archive or layout, an archive of `docker save`, or the "
            "name of a pushed image",
        )

    def place(self, digest: str) -> str:
        """Return the name of the file that holds the blob *digest*."""
        return self.places.get(digest) or f"blobs/{digest.replace(':', '/')}"

    def size(self, digest: str) -> int:
        """Return the size of the blob *digest*. Raises ImageError when it is not there."""
        size = self.store.size(self.place(digest))
        if size is None:
            raise ImageError(f"{self.source}: {self.place(digest)} is not there")
        return size

    def prepare(self, wanted: Sequence[Entry]) -> None:
        """Do nothing: files are near."""

    def document(self, wanted: Entry) -> Any:
        """Return an index or a manifest, its digest checked; None when it is not there."""
        if wanted.digest not in self._documents:
            data = self.data(wanted)
            if data is None:
                return None
            where = f"{self.source}: {self.place(wanted.digest)}"
            self._documents[wanted.digest] = documents.parse(data, where)
        return self._documents[wanted.digest]

    def data(self, wanted: Entry) -> bytes | None:
        """Return the bytes of an index or a manifest, checked; None when it is not there."""
        name = self.place(wanted.digest)
        if self.store.size(name) is None:
            return None
        return documents.verify(self.small(name), wanted, f"{self.source}: {name}")

    def config(self, manifest: Entry, wanted: Entry) -> Any:
        """Return the config *wanted* of *manifest*. Raises ImageError."""
        document = self.document(wanted)
        if document is None:
            raise ImageError(f"{self.source}: {manifest.digest}: its config is not there")
        return document

    def small(self, name: str) -> bytes:
        """Return the small file *name*. Raises ImageError when it is missing or large."""
        size = self.store.size(name)
        if size is None:
            raise ImageError(f"{self.source}: {name} is not there")
        if size > LIMIT:
            raise ImageError(
                f"{self.source}: {name}: {size} bytes are too many for a document of an image"
            )
        return b"".join(self.store.chunks(name))

    def _layout(self) -> tuple[Image, ...]:
        """Read ``index.json``: an entry per name. Without any name it is the image's own index."""
        where = f"{self.source}: index.json"
        data = self.small("index.json")
        index = documents.table(documents.parse(data, where), where)
        listed = documents.entries(index, "manifests", where)
        if not listed:
            raise ImageError(f"{where}: no image is in it")
        named: dict[str, tuple[Entry, list[str]]] = {}
        for each in listed:
            _, names = named.setdefault(each.digest, (each, []))
            names += filter(None, [_name(each)])
        unnamed = not any(names for _, names in named.values())
        if unnamed and len(named) > 1 and not any(each.media_type in INDEXES for each in listed):
            media_type = documents.kind(index, "", where)
            return (Image((), media_type, "", manifests(listed, self)),)
        return tuple(walk(each, tuple(names), self) for each, names in named.values())

    def _docker(self) -> tuple[Image, ...]:
        """Read ``manifest.json`` of ``docker save``: configs and uncompressed layers by name."""
        where = f"{self.source}: manifest.json"
        listed = documents.rows(documents.parse(self.small("manifest.json"), where), where)
        if not listed:
            raise ImageError(f"{where}: no image is in it")
        return tuple(self._saved(each, f"{where}[{at}]") for at, each in enumerate(listed))

    def _saved(self, each: Any, where: str) -> Image:
        found = documents.table(each, where)
        name = documents.text(found.get("Config"), f"{where}.Config")
        data = self.small(name)
        digits = hashlib.sha256(data).hexdigest()
        digest = f"sha256:{digits}"
        if posixpath.basename(name).removesuffix(".json") != digits:
            raise ImageError(f"{self.source}: {name}: the bytes are not those of this digest")
        self.places[digest] = name
        config = documents.table(documents.parse(data, f"{self.source}: {name}"), name)
        fs = documents.table(config.get("rootfs"), f"{self.source}: {name}: rootfs")
        layers = self._layers(documents.rows(found.get("Layers"), f"{where}.Layers"), fs, where)
        tags = documents.rows(found.get("RepoTags"), f"{where}.RepoTags")
        names = tuple(documents.text(tag, f"{where}.RepoTags") for tag in tags)
        platform = documents.platform(config, f"{self.source}: {name}")
        size = len(data) + sum(layer.size for layer in layers)
        return Image(names, "", "", (Manifest(platform, "", "", digest, size, layers, ()),))

    def _layers(self, files: list[Any], rootfs: dict[str, Any], where: str) -> tuple[Layer, ...]:
        """Pair the files of the layers with their digests, which stand in the config."""
        digests = documents.rows(rootfs.get("diff_ids"), f"{where}: rootfs.diff_ids")
        if len(digests) != len(files):
            raise ImageError(f"{where}: {len(files)} layers, where the config has {len(digests)}")
        layers = []
        for at, (file, value) in enumerate(zip(files, digests, strict=True)):
            name = documents.text(file, f"{where}.Layers[{at}]")
            told = documents.text(value, f"{where}: diff_ids[{at}]")
            digest = documents.checked(told, f"{where}: rootfs.diff_ids[{at}]")
            size = self.store.size(name)
            if size is None:
                raise ImageError(f"{self.source}: {name} is not there")
            self.places[digest] = name
            layers.append(Layer("", digest, size))
        return tuple(layers)


def check(archive: Archive, inspected: Inspected) -> int:
    """Read every blob and compare it with its digest and size; return how many there are.

    Raises ImageError, one line per blob that is missing or is not what it is called.
    """
    wanted: dict[str, int | None] = {}
    for image in inspected.images:
        for manifest in image.manifests:
            if manifest.size is None:
                continue
            wanted.setdefault(manifest.config, None)
            wanted.update({layer.digest: layer.size for layer in manifest.layers})
            wanted.update({each.digest: each.size for each in manifest.attestations})
    for name in archive.store.names():
        algorithm, _, digits = name.removeprefix("blobs/").partition("/")
        if name.startswith("blobs/") and digits:
            where = f"{archive.source}: {name}"
            wanted.setdefault(documents.checked(f"{algorithm}:{digits}", where), None)
    problems = list(filter(None, (_problem(archive, *each) for each in wanted.items())))
    if problems:
        raise ImageError("\n".join(f"{archive.source}: {problem}" for problem in problems))
    return len(wanted)


def _problem(archive: Archive, digest: str, size: int | None) -> str:
    name = archive.place(digest)
    found = archive.store.size(name)
    if found is None:
        return f"{name} is not there"
    if size is not None and found != size:
        return f"{name}: {found} bytes, where the manifest says {size}"
    hashed = documents.hasher(digest)
    for data in archive.store.chunks(name):
        hashed.update(data)
    if hashed.hexdigest() != digest.partition(":")[2]:
        return f"{name}: the bytes are not those of this digest"
    return ""


def _name(each: Entry) -> str:
    """Return the name of an entry: containerd's is whole, OCI's may be no more than a tag."""
    notes = each.annotations
    return notes.get("io.containerd.image.name") or notes.get(
        "org.opencontainers.image.ref.name", ""
    )


@contextmanager
def open_archive(path: Path, *, parts: bool = False) -> Iterator[Archive]:
    """Open the archive or the layout folder *path*. Raises ImageError for what is neither.

    *parts*: blobs will be read in parts, from any place; an archive behind gzip is unpacked aside.
    """
    if path.is_dir():
        _refuse(path)
        yield Archive(FolderStore(path))
        return
    if not path.is_file():
        raise ImageError(f"{path}: neither a file nor a folder")
    try:
        file = path.open("rb")
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from None
    with file, unpacked(file, str(path)) if parts else nullcontext(file) as plain:
        yield Archive(TarStore(plain, str(path)))


def _refuse(folder: Path) -> None:
    """Raise ImageError for folders that are often taken for an image, saying what they are."""
    if (folder / "index.json").is_file():
        return
    if (folder / "manifest.json").is_file() and (folder / "version").is_file():
        raise ImageError(
            f"{folder}: a folder of skopeo's `dir:`, one platform without names",
            advice="copy to oci:FOLDER or oci-archive:FILE instead",
        )
    platforms = sorted(
        each.name.replace("_", "/") for each in folder.glob("linux_*") if each.is_dir()
    )
    if platforms:
        raise ImageError(
            f"{folder}: the files of {', '.join(platforms)} (output `local`), not an image",
            advice="they can be looked at as they are; inspect the output `oci` or `layout`",
        )
    raise ImageError(f"{folder}: no OCI layout: index.json is not there")
