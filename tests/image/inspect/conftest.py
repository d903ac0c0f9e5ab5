"""Images made with the project's own layout writer, with the attestations that BuildKit binds."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile

import pytest

from hatch_multiarch.oci.descriptor import Descriptor
from hatch_multiarch.oci.layout import Layout
from hatch_multiarch.oci.media_types import CONFIG, INDEX, LAYER, MANIFEST

PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7")
NAME = "registry.example.com/team/greeter"
STATEMENT = "application/vnd.in-toto+json"
SPDX = "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v1"


def platform_of(name):
    os, architecture, *variant = name.split("/")
    return {"os": os, "architecture": architecture, **({"variant": variant[0]} if variant else {})}


class Maker:
    """Make layouts in folders below *root*."""

    def __init__(self, root):
        self.root = root
        self.count = 0

    def image(self, *, tags=("1.0.0",), attest=(), platforms=PLATFORMS, lone=False):
        """Return the folder of an image; *attest* are predicate types bound to each platform."""
        self.count += 1
        self.layout = layout = Layout(self.root / f"layout-{self.count}")
        self.manifests, self.layers = [], []
        extra = []
        for name in platforms:
            config = {"config": {}, "rootfs": {"type": "layers"}, **platform_of(name)}
            layer, diff_id = self.layer(layout, {"bin/hello": f"hello from {name}\n".encode()})
            self.layers.append(layer)
            config["rootfs"]["diff_ids"] = [diff_id]
            manifest = self.manifest(layout, layout.add(CONFIG, config), [layer.document()])
            self.manifests.append((manifest, {"platform": platform_of(name)}))
            if attest:
                extra.append(self.attestation(layout, manifest, attest))
        if lone:
            self.top = self.manifests[0][0]
        else:
            entries = [each.document(**more) for each, more in (*self.manifests, *extra)]
            index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
            self.top = layout.add(INDEX, index)
        layout.finish(self.top, reference=NAME, tags=tags)
        return layout.path

    def layer(self, layout, files):
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as tar:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), 0o755
                tar.addfile(entry, io.BytesIO(data))
        diff_id = f"sha256:{hashlib.sha256(plain.getvalue()).hexdigest()}"
        data = gzip.compress(plain.getvalue(), mtime=0)
        path = self.root / "layer"
        path.write_bytes(data)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        return layout.adopt(LAYER, path, digest, len(data)), diff_id

    def manifest(self, layout, config, layers, **more):
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config.document()}
        return layout.add(MANIFEST, {**document, "layers": layers, **more})

    def attestation(self, layout, subject, types):
        """As BuildKit stores them (its docs/attestations/attestation-storage.md)."""
        layers = []
        for name in types:
            statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": name}
            layer = layout.add(STATEMENT, statement)
            layers.append(layer.document(annotations={"in-toto.io/predicate-type": name}))
        unknown = {"os": "unknown", "architecture": "unknown"}
        made = self.manifest(layout, layout.add(CONFIG, unknown), layers)
        notes = {
            "vnd.docker.reference.digest": subject.digest,
            "vnd.docker.reference.type": "attestation-manifest",
        }
        return made, {"platform": unknown, "annotations": notes}

    def archive(self, **image):
        self.image(**image)
        path = self.root / f"image-{self.count}.oci.tar"
        self.layout.archive(path, epoch=0)
        return path

    def packed(self, **image):
        archive = self.archive(**image)
        path = archive.with_name(f"{archive.name}.gz")
        with archive.open("rb") as plain, gzip.open(path, "wb") as out:
            shutil.copyfileobj(plain, out)
        return path

    def blob(self, descriptor):
        """Return the path of a blob in the layout that was made last."""
        found = descriptor.digest if isinstance(descriptor, Descriptor) else descriptor
        return self.layout.path / "blobs" / found.replace(":", "/")


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)
