"""Add an image to the OCI image layout in FOLDER; several platforms make an index.

python3 .ci/layout.py FOLDER NAME gzip|tar PLATFORM=TAR[:TAR...] [PLATFORM=TAR[:TAR...]...]

The TARs become the layers, compressed by gzip's fastest level or as they are: `docker import` takes
many times as long, all of it for gzip.
"""

import gzip
import hashlib
import json
import sys
from pathlib import Path

OCI = "application/vnd.oci.image"
FASTEST = 1


class Layout:
    """An OCI image layout (image-layout.md of OCI's Image Format Specification)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = folder / "blobs/sha256"
        self.blobs.mkdir(parents=True, exist_ok=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def blob(self, media_type: str, data: bytes) -> dict:
        """Write *data* and return its descriptor."""
        digest = hashlib.sha256(data).hexdigest()
        (self.blobs / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def document(self, kind: str, **fields: object) -> dict:
        """Write a JSON document and return its descriptor."""
        media_type = f"{OCI}.{kind}.v1+json"
        if kind != "config":
            fields = {"schemaVersion": 2, "mediaType": media_type, **fields}
        return self.blob(media_type, json.dumps(fields).encode())

    def image(self, name: str, form: str, tars: "list[Path]") -> dict:
        """Write the image of the platform *name* and return its descriptor."""
        os, architecture, *variant = name.split("/")
        platform = {"os": os, "architecture": architecture}
        platform |= {"variant": variant[0]} if variant else {}
        layers, ids = [], []
        for tar in tars:
            data, suffix = tar.read_bytes(), ""
            ids.append(f"sha256:{hashlib.sha256(data).hexdigest()}")
            if form == "gzip":
                data, suffix = gzip.compress(data, FASTEST, mtime=0), "+gzip"
            layers.append(self.blob(f"{OCI}.layer.v1.tar{suffix}", data))
        root = {"type": "layers", "diff_ids": ids}
        config = self.document("config", **platform, config={}, rootfs=root)
        manifest = self.document("manifest", config=config, layers=layers)
        return {**manifest, "platform": platform}

    def add(self, name: str, descriptor: dict) -> None:
        """Name *descriptor* in the layout's index."""
        path = self.folder / "index.json"
        found = json.loads(path.read_text())["manifests"] if path.exists() else []
        found.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": name}})
        path.write_text(json.dumps({"schemaVersion": 2, "manifests": found}))


def main() -> None:
    """Read the command line."""
    folder, name, form, *images = sys.argv[1:] or sys.exit(__doc__)
    layout = Layout(Path(folder))
    made = []
    for each in images:
        platform, _, tars = each.partition("=")
        made.append(layout.image(platform, form, [Path(tar) for tar in tars.split(":")]))
    layout.add(name, made[0] if len(made) == 1 else layout.document("index", manifests=made))


main()
