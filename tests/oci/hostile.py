"""Images that nobody should believe: documents, links, sizes and layers that make no sense.

``CASES`` are written by code, as a file would hold hundreds of megabytes. Each is an image in a
layout folder with one thing wrong, and the uses of an image that must refuse it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PLATFORM = {"os": "linux", "architecture": "amd64"}
ABSENT = "sha256:" + "a" * 64
USES = frozenset({"inspect", "push", "base"})
VICTIM = "x:../../../../../victim/prod/manifests/latest"


@dataclass
class Image:
    """A layout in the making; ``index_json`` is written as it is, a document or bytes."""

    folder: Path
    root: dict[str, Any] | None = None

    def add(self, data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        blobs = self.folder / "blobs/sha256"
        blobs.mkdir(parents=True, exist_ok=True)
        (blobs / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data), **more}

    def json(self, document: Any, media_type: str, **more: Any) -> dict[str, Any]:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.add(data, media_type, **more)

    def layer(self, *entries: tarfile.TarInfo, data: bytes | None = None) -> dict[str, Any]:
        plain = data if data is not None else pack(*entries)
        self.diff_id = f"sha256:{hashlib.sha256(plain).hexdigest()}"
        return self.add(gzip.compress(plain, mtime=0), LAYER)

    def config(self, **more: Any) -> dict[str, Any]:
        rootfs = {"type": "layers", "diff_ids": [self.diff_id]}
        return self.json({**PLATFORM, "config": {}, "rootfs": rootfs, **more}, CONFIG)

    def manifest(self, **more: Any) -> dict[str, Any]:
        layer = more.pop("layer", None) or self.layer(entry("bin/hello"))
        config = more.pop("config", None) or self.config()
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
        return self.json({**document, **more}, MANIFEST, platform=PLATFORM)

    def index(self, *manifests: Any, **more: Any) -> dict[str, Any]:
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests), **more}
        return self.json(document, INDEX)

    def finish(self, root: dict[str, Any], **annotations: str) -> None:
        notes = annotations or {"org.opencontainers.image.ref.name": "1"}
        self.root = root
        self.write({"schemaVersion": 2, "manifests": [{**root, "annotations": notes}]})

    def write(self, index: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        data = index if isinstance(index, bytes) else json.dumps(index).encode()
        (self.folder / "index.json").write_bytes(data)
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


@dataclass(frozen=True)
class Case:
    """One thing that is wrong."""

    name: str
    make: Callable[[Image], object]
    refused: frozenset[str] = USES
    """The uses that must end in an error; the others may, and never in another way."""
    pushed: bool = True
    """Whether a registry could hold it: what is wrong is not in ``index.json``."""


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields: Any) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def pack(*entries: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for each in entries:
            tar.addfile(each, io.BytesIO(bytes(each.size)))
    return out.getvalue()


def descriptor_cases() -> list[Case]:
    """One wrong property of a descriptor, wherever descriptors stand."""
    wrong: dict[str, dict[str, Any]] = {
        "digest traverses": {"digest": f"sha256:../../{'a' * 58}"},
        "digest of a path": {"digest": "../../../../etc/passwd"},
        "digest of a query": {"digest": f"sha256:{'a' * 63}?"},
        "digest with a line": {"digest": f"{ABSENT}\n"},
        "digest in capitals": {"digest": ABSENT.upper()},
        "digest too short": {"digest": "sha256:aa"},
        "digest of another kind": {"digest": "md5:" + "a" * 32},
        "digest a number": {"digest": 5},
        "digest missing": {"digest": None},
        "size below zero": {"size": -1},
        "size of 400 digits": {"size": 10**400},
        "size above an int64": {"size": 1 << 63},
        "size a fraction": {"size": 1.5},
        "size true": {"size": True},
        "size missing": {"size": None},
        "media type with a line": {"mediaType": "a/b\r\nX-Evil: 1"},
        "media type a path": {"mediaType": "../../x"},
        "media type a list": {"mediaType": []},
        "annotations a list": {"annotations": [1]},
        "annotation a number": {"annotations": {"a": 1}},
    }
    found = []
    for name, change in wrong.items():
        found += [
            Case(f"manifest: {name}", lambda i, c=change: i.finish(i.index({**i.manifest(), **c}))),
            Case(
                f"config: {name}",
                lambda i, c=change: i.finish(i.index(_manifest_with(i, "config", c))),
            ),
            Case(
                f"layer: {name}",
                lambda i, c=change: i.finish(i.index(_manifest_with(i, "layers", c))),
            ),
            Case(
                f"root: {name}",
                lambda i, c=change: i.write(
                    {"schemaVersion": 2, "manifests": [{**i.index(i.manifest()), **c}]}
                ),
                pushed=False,
            ),
        ]
    return found


def _manifest_with(image: Image, key: str, change: dict[str, Any]) -> dict[str, Any]:
    layer = image.layer(entry("bin/hello"))
    config = image.config()
    if key == "config":
        return image.manifest(layer=layer, config={**config, **change})
    return image.manifest(config=config, layer={**layer, **change})


def _subject(image: Image, digest: Any) -> None:
    subject = {"mediaType": MANIFEST, "digest": digest, "size": 3}
    image.finish(image.index(image.manifest(subject=subject)))


def _fan(image: Image, width: int, levels: int) -> None:
    top = image.index(image.manifest())
    for _ in range(levels):
        top = image.index(*[top] * width)
    image.finish(top)


def _nest(image: Image, depth: int) -> None:
    top = image.index(image.manifest())
    for _ in range(depth):
        top = image.index(top)
    image.finish(top)


def _large(image: Image) -> None:
    """Manifests of 3 MB each, together more than anybody should read."""
    many = [image.manifest(annotations={"a": f"{at}" + "x" * (3 << 20)}) for at in range(30)]
    image.finish(image.index(*many))


def _layer(image: Image, layer: dict[str, Any]) -> None:
    image.finish(image.index(image.manifest(layer=layer, config=image.config())))


def _told(image: Image, **change: Any) -> None:
    """A layer whose descriptor says something else of it."""
    layer = image.layer(entry("bin/hello"))
    _layer(image, {**layer, **change})


@cache
def _packed_zeros() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()


def _bomb(image: Image) -> None:
    """100 MB of zeros under a diff_id of other bytes."""
    image.diff_id = ABSENT
    _layer(image, image.add(_packed_zeros(), LAYER))


def _other_bytes(image: Image, name: str) -> None:
    """A blob that is not what it is called: the root index, a manifest, a config or a layer."""
    layer = image.layer(entry("bin/hello"))
    config = image.config()
    manifest = image.manifest(layer=layer, config=config)
    root = image.index(manifest)
    image.finish(root)
    found = {"index": root, "manifest": manifest, "config": config, "layer": layer}[name]
    path = image.folder / "blobs" / found["digest"].replace(":", "/")
    path.write_bytes(path.read_bytes()[:-1] + b" ")


def _config(image: Image, document: Any) -> None:
    image.finish(image.index(image.manifest(config=image.json(document, CONFIG))))


BASE = frozenset({"base"})
LONG = "x" * (5 << 20)
NOWHERE = entry("a", tarfile.LNKTYPE, linkname="../x")
CASES = [
    *descriptor_cases(),
    Case("index.json: empty", lambda i: i.write(b""), pushed=False),
    Case("index.json: cut", lambda i: i.write(b'{"manifests": ['), pushed=False),
    Case("index.json: a list", lambda i: i.write([]), pushed=False),
    Case("index.json: nothing", lambda i: i.write({}), pushed=False),
    Case("index.json: deep", lambda i: i.write(b"[" * 100_000), pushed=False),
    Case("index.json: 64 MiB", lambda i: _sparse(i, 1 << 26), pushed=False),
    Case("index.json: a manifest", lambda i: i.write({"config": {}, "layers": []}), pushed=False),
    Case("root: not there", lambda i: i.finish({"mediaType": INDEX, "digest": ABSENT, "size": 3})),
    Case("root: not JSON", lambda i: i.finish(i.json(b"{", INDEX))),
    Case("root: deep", lambda i: i.finish(i.json(b'{"manifests":' * 50_000, INDEX))),
    Case("root: a list", lambda i: i.finish(i.json([], INDEX))),
    Case("root: both", lambda i: i.finish(i.index(i.manifest(), config={}, layers=[]))),
    Case("root: of another type", lambda i: i.finish(i.index(i.manifest(), mediaType=MANIFEST))),
    Case("root: schema 1", lambda i: i.finish(i.json({"schemaVersion": 1}, INDEX))),
    Case("root: 5 MB", lambda i: i.finish(i.index(i.manifest(), annotations={"a": LONG}))),
    Case("root: manifests an object", lambda i: i.finish(i.index(manifests={}))),
    Case("root: 2000 manifests", lambda i: i.finish(i.index(*[i.manifest()] * 2000))),
    Case("index: lists 1000 times 1000", lambda i: _fan(i, 1000, 2)),
    Case("index: lists 30 times, 4 deep", lambda i: _fan(i, 30, 3)),
    Case("index: too deep", lambda i: _nest(i, 9)),
    Case("index: 90 MB of manifests", _large, frozenset({"inspect", "push"})),
    Case("manifest: not there", lambda i: i.finish(i.index({**i.manifest(), "digest": ABSENT})),
         frozenset({"push", "base"})),
    Case("manifest: a list", lambda i: i.finish(i.index(i.json([], MANIFEST, platform=PLATFORM)))),
    Case("manifest: no config", lambda i: i.finish(i.index(i.manifest(config=5)))),
    Case("manifest: layers a number", lambda i: i.finish(i.index(i.manifest(layers=5)))),
    Case("manifest: an index too", lambda i: i.finish(i.index(i.manifest(manifests=[])))),
    Case("subject: traverses", lambda i: _subject(i, VICTIM)),
    Case("subject: a tag", lambda i: _subject(i, "release:2024")),
    Case("subject: a query", lambda i: _subject(i, "sha256:" + "a" * 63 + "?")),
    Case("subject: a number", lambda i: _subject(i, 5)),
    Case("config: a list", lambda i: _config(i, []), BASE),
    Case("config: no diff_ids", lambda i: _config(i, PLATFORM), BASE),
    Case("config: diff_id traverses", lambda i: _diff_id(i, "sha256:../../x"), BASE),
    Case("config: diff_id a number", lambda i: _diff_id(i, 5), BASE),
    Case("blob: other index", lambda i: _other_bytes(i, "index")),
    Case("blob: other manifest", lambda i: _other_bytes(i, "manifest")),
    Case("blob: other config", lambda i: _other_bytes(i, "config"), BASE),
    Case("blob: other layer", lambda i: _other_bytes(i, "layer"), BASE),
    Case("layer: longer than told", lambda i: _told(i, size=20), frozenset({"push", "base"})),
    Case("layer: shorter than told", lambda i: _told(i, size=1 << 20), frozenset({"push", "base"})),
    Case("layer: not there", lambda i: _told(i, digest=ABSENT), frozenset({"push", "base"})),
    Case("layer: of an unknown type", lambda i: _told(i, mediaType="a/b"), BASE),
    Case("layer: a bomb", _bomb, BASE),
    Case("layer: not gzip", lambda i: _layer(i, i.layer() and i.add(b"\x1f\x8bno", LAYER)), BASE),
    Case("layer: cut", lambda i: _layer(i, i.layer(data=pack(entry("a", size=4096))[:2000])), BASE),
    Case("layer: leads out", lambda i: _layer(i, i.layer(entry("../../evil"))), BASE),
    Case("layer: link to nothing", lambda i: _layer(i, i.layer(NOWHERE)), BASE),
    Case("layer: 1000 folders deep", lambda i: _layer(i, i.layer(entry("a/" * 1000 + "b"))), BASE),
]  # fmt: skip


def _diff_id(image: Image, value: Any) -> None:
    layer = image.layer(entry("bin/hello"))
    config = image.config(rootfs={"type": "layers", "diff_ids": [value]})
    image.finish(image.index(image.manifest(layer=layer, config=config)))


def _sparse(image: Image, size: int) -> None:
    image.write({})
    with (image.folder / "index.json").open("r+b") as file:
        file.truncate(size)
