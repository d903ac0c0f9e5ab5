"""A real registry for each session, a proxy before it for each test, and images to push."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from registry.proxy import Proxy
from support import missing, need

from hatch_multiarch.image.layout import CONFIG, INDEX, LAYER, MANIFEST, Layout
from hatch_multiarch.inspect import content, open_archive
from hatch_multiarch.registry import Pace, Pushed, parse, push

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        with open_archive(path, parts=True) as archive:
            [image] = archive.inspected().images
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


def registry_program() -> str:
    """Return Debian's registry; `.ci/engine` unpacks it beside its docker."""
    docker = shutil.which("docker")
    beside = Path(docker).resolve().with_name("docker-registry") if docker else None
    if beside is not None and beside.is_file():
        return str(beside)
    return shutil.which("docker-registry") or missing("docker-registry (.ci/engine)")


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start a registry and return its port."""
    program, folder = registry_program(), tmp_path_factory.mktemp("registry")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config.yml").write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        f'storage: {{filesystem: {{rootdirectory: "{folder}/data"}}, delete: {{enabled: true}}}}\n'
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [program, "serve", folder / "config.yml"], stdout=log, stderr=log, env={**os.environ}
        )
    try:
        end = time.monotonic() + 20
        while not listens(port):
            assert child.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.05)
        yield port
    finally:
        child.kill()
        child.wait()
        shutil.rmtree(folder)


@pytest.fixture
def site(store: int, tmp_path: Path) -> Iterator[Site]:
    """Return the registry; nobody is logged in."""
    (tmp_path / "docker").mkdir()
    env = {"PATH": os.environ["PATH"], "DOCKER_CONFIG": str(tmp_path / "docker")}
    yield Site(store, tmp_path, env)
    for each in tmp_path.glob("layout-*"):
        shutil.rmtree(each, ignore_errors=True)


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    with Proxy(site.port) as made:
        yield made


@pytest.fixture
def name() -> str:
    """Return a repository that nobody has used."""
    return f"push-{secrets.token_hex(4)}/greeter"
