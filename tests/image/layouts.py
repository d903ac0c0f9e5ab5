"""Bases made by hand, well-formed or not: layers from tuples, documents around them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile

OCI = "application/vnd.oci.image"
DOCKER = "application/vnd.docker"
TYPES = {
    "oci": (f"{OCI}.manifest.v1+json", f"{OCI}.config.v1+json", f"{OCI}.layer.v1.tar"),
    "docker": (
        f"{DOCKER}.distribution.manifest.v2+json",
        f"{DOCKER}.container.image.v1+json",
        f"{DOCKER}.image.rootfs.diff.tar",
    ),
}


def tar(*entries):
    """Return a tar of `(name, bytes)`, `(name, "link target")`, `(name, ("hard", target))` and
    `(name, None)` for a folder; an entry's third value replaces fields of its header."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content, *more in entries:
            entry = tarfile.TarInfo(name)
            data = b""
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            elif isinstance(content, tuple):
                entry.type, entry.linkname = tarfile.LNKTYPE, content[1]
            else:
                data = content
                entry.size = len(data)
            for field, value in (more[0] if more else {}).items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


class Layout:
    """A layout folder in the making."""

    def __init__(self, folder):
        self.folder = folder
        self.blobs = folder / "blobs/sha256"
        self.blobs.mkdir(parents=True)

    def add(self, data, media_type="", **more):
        digest = hashlib.sha256(data).hexdigest()
        (self.blobs / digest).write_bytes(data)
        return {
            "mediaType": media_type,
            "digest": f"sha256:{digest}",
            "size": len(data),
            **more,
        }

    def json(self, document, media_type, **more):
        return self.add(json.dumps(document).encode(), media_type, **more)

    def image(
        self,
        platform,
        *tars,
        kind="oci",
        compress="gzip",
        pack=None,
        media=None,
        config=None,
        told=None,
        **about,
    ):
        """Add the image of *platform*; `told` is what its descriptor says instead.

        `pack` is a compression of one's own, called what `compress` is called, or `media`.
        """
        manifest, config_type, layer = TYPES[kind]
        known, ending = {
            "gzip": (gzip.compress, ".gzip" if kind == "docker" else "+gzip"),
            "zstd": (zstd, "+zstd"),
            "none": (bytes, ""),
        }[compress]
        os, architecture, *variant = platform.split("/")
        name = {"os": os, "architecture": architecture}
        name |= {"variant": variant[0]} if variant else {}
        document = {
            **name,
            "config": config or {},
            "rootfs": {
                "type": "layers",
                "diff_ids": [f"sha256:{hashlib.sha256(each).hexdigest()}" for each in tars],
            },
            **about,
        }
        made = {
            "schemaVersion": 2,
            "mediaType": manifest,
            "config": self.json(document, config_type),
            "layers": [self.add((pack or known)(each), media or layer + ending) for each in tars],
        }
        return self.json(made, manifest, platform=told or name)

    def finish(self, *entries, index=True):
        """Write index.json, which names an index of *entries* or them themselves."""
        if index:
            document = {"schemaVersion": 2, "manifests": entries}
            entries = [self.json(document, f"{OCI}.index.v1+json")]
        top = {"schemaVersion": 2, "manifests": list(entries)}
        (self.folder / "index.json").write_text(json.dumps(top))
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        return self.folder


def zstd(data):
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.compress(data)
