"""Images to push, pushes that do not wait long, and what pulls them back."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support import need

from hatch_multiarch.image.inspect import content, inspect_archive, open_image
from hatch_multiarch.oci.layout import Layout
from hatch_multiarch.oci.media_types import CONFIG, INDEX, LAYER, MANIFEST
from hatch_multiarch.registry import Pace, Pushed, parse, push

if TYPE_CHECKING:
    from pathlib import Path

FAST = Pace(first=0.01, longest=3.0, small=1 << 18, chunk=1 << 18, least_chunk=1 << 16)
"""Chunks already for layers of a megabyte, and no long pauses."""
PLATFORMS = ("amd64", "arm64")


@dataclass(frozen=True)
class Made:
    """An image in a layout folder."""

    path: Path
    digest: str
    """Of its index."""
    layers: tuple[str, ...]


@dataclass
class Site:
    """A real registry, and pushes to it."""

    port: int
    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def image(self, *sizes: int, name: str = "example.com/greeter", tags: Any = ("1.0.0",)) -> Made:
        """Make an image of two platforms, with one random layer of each of *sizes* (bytes)."""
        layout = Layout(self.folder / f"layout-{secrets.token_hex(4)}")
        manifests, layers = [], []
        for architecture in PLATFORMS:
            parts = []
            for size in sizes or (1000,):
                data = os.urandom(size)
                path = self.folder / "layer"
                path.write_bytes(data)
                digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
                parts.append(layout.adopt(LAYER, path, digest, size))
            platform = {"os": "linux", "architecture": architecture}
            rootfs = {"type": "layers", "diff_ids": [each.digest for each in parts]}
            config = layout.add(CONFIG, {"config": {}, "rootfs": rootfs, **platform})
            document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config.document()}
            document["layers"] = [each.document() for each in parts]
            manifests.append(layout.add(MANIFEST, document).document(platform=platform))
            layers += [each.digest for each in parts]
        top = layout.add(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
        layout.finish(top, reference=name, tags=tags)
        return Made(layout.path, top.digest, tuple(layers))

    def push(self, path: Path, reference: str, **more: Any) -> Pushed:
        more = {"pace": FAST, **more}
        tags = more.pop("tags", None)
        with open_image(path, parts=True) as archive:
            [image] = inspect_archive(archive).images
            name = parse(reference)
            return push(content(archive, image), name, tags or [name.tag], self.env, **more)

    def pulled(self, name: str) -> str:
        """Pull every platform of PATH:TAG by skopeo, which checks all blobs; return the digest."""
        copy = self.folder / f"pulled-{secrets.token_hex(4)}"
        words = [need("skopeo"), "--insecure-policy", "copy", "--quiet", "--all"]
        words += ["--src-tls-verify=false", f"docker://{self.host}/{name}", f"dir:{copy}"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        data = (copy / "manifest.json").read_bytes()
        for each in json.loads(data)["manifests"]:
            assert (copy / f"{each['digest'].partition(':')[2]}.manifest.json").is_file()
        shutil.rmtree(copy)
        return f"sha256:{hashlib.sha256(data).hexdigest()}"


def command(site: Any, *words: object, code: int = 0, **env: str) -> str:
    """Run hatch-multiarch *words* with the settings of *site*; return all that it says."""
    done = subprocess.run(
        [sys.executable, "-m", "hatch_multiarch", *map(str, words)],
        env={**os.environ, **site.env, "NO_COLOR": "1", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    return said
