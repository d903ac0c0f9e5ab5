"""What becomes of the image and of the build cache, on the real engine and in the real registry."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import socket
import sys
import tarfile
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from buildkit.small import BOTH, greet_of, report, small, wheels
from buildkitd import SETTINGS, buildkit_image  # noqa: F401
from engine_fixture import docker

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

EVERY = """\
outputs = [
  "oci", "layout", "local", "tar", "registry",
  { type = "image", compression = "zstd" },
  { type = "docker", platforms = "linux/amd64" },
]
"""
HATCHLING = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")


def raw(engine: Engine, reference: str) -> Any:
    """Return the index or manifest of *reference*, as `docker buildx imagetools` reads it."""
    return json.loads(docker(engine, "buildx", "imagetools", "inspect", "--raw", reference))


def digests(index: Any) -> dict[str, str]:
    """Return platform -> digest of the manifests of *index* that are images."""
    return {
        f"{each['platform']['os']}/{each['platform']['architecture']}": each["digest"]
        for each in index["manifests"]
        if each["platform"]["os"] != "unknown"
    }


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Site:
    root: Path
    image: str

    @property
    def out(self) -> Path:
        return self.root / "build/multiarch"

    @property
    def built(self) -> dict[str, str]:
        """Platform -> sha256 of the helper."""
        return {each["platform"]: each["sha256"] for each in report(self.root)["units"]}


@pytest.fixture(scope="module")
def site(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]
) -> Generator[Site]:
    """Give the image to everybody who takes one, with provenance."""
    image = f"{engine.registry}/outputs-{os.urandom(4).hex()}"
    root = small(
        tmp_path_factory.mktemp("outputs") / "greeter",
        engine,
        platforms=BOTH,
        image=f'name = "{image}"\ntags = ["{{version}}", "latest"]\nprovenance = "min"\n{EVERY}',
    )
    run(*HATCHLING, cwd=root, HATCH_MULTIARCH_ENGINE="")
    yield Site(root, image)
    docker(engine, "image", "rm", "--force", f"{image}:1.0.0", f"{image}:latest")


@pytest.mark.containerd_store
def test_files_hold_the_helpers_of_each_platform(site: Site) -> None:
    assert set(site.built) == set(BOTH)
    for platform, digest in site.built.items():
        slug = platform.replace("/", "_")
        file = site.out / "greeter-1.0.0.image" / slug / "usr/local/bin/greet"
        assert sha256(file.read_bytes()) == digest
        with tarfile.open(site.out / "greeter-1.0.0.image.tar") as tar:
            member = tar.extractfile(f"{slug}/usr/local/bin/greet")
            assert member is not None
            assert sha256(member.read()) == digest


@pytest.mark.containerd_store
def test_archive_folder_and_registry_are_one_image(
    site: Site, engine: Engine, tmp_path: Path
) -> None:
    found = report(site.root)["image"]
    expected = {each["platform"]: each["digest"] for each in found["manifests"]}
    assert set(expected) == set(BOTH)
    assert digests(raw(engine, f"{site.image}:latest")) == expected
    folder = tmp_path / "unpacked"
    with tarfile.open(site.out / "greeter-1.0.0.oci.tar") as tar:
        tar.extractall(folder, filter="data")
    for layout in (folder, site.out / "greeter-1.0.0.oci"):
        assert sorted(path.name for path in layout.iterdir()) == [
            "blobs",
            "index.json",
            "oci-layout",
        ]
        named = json.loads((layout / "index.json").read_text("utf-8"))["manifests"]
        key = "org.opencontainers.image.ref.name"
        assert [each["annotations"][key] for each in named] == ["1.0.0", "latest"]
        [top] = {each["digest"] for each in named}
        if layout == folder:  # an index holds when its provenance was made
            assert top == found["digest"]
        assert digests(json.loads(blob(layout, top))) == expected
        for digest in expected.values():
            manifest = json.loads(blob(layout, digest))
            for each in (manifest["config"], *manifest["layers"]):
                blob(layout, each["digest"])


def blob(layout: Path, digest: str) -> bytes:
    data = (layout / "blobs" / digest.replace(":", "/")).read_bytes()
    assert f"sha256:{sha256(data)}" == digest
    return data


@pytest.mark.containerd_store
def test_docker_has_the_one_platform_it_was_to_get(site: Site, engine: Engine) -> None:
    said = docker(engine, "run", "--rm", "--pull=never", f"{site.image}:1.0.0")
    assert "[amd64]" in said
    published = report(site.root)["image"]["published"]
    assert sorted({(each["type"], each["reference"]) for each in published}) == [
        (kind, f"{site.image}:{tag}")
        for kind in ("docker", "image", "registry")
        for tag in ("1.0.0", "latest")
    ]


@pytest.fixture
def fresh(
    tmp_path: Path, engine: Engine, run: Callable[..., Ran]
) -> Callable[..., tuple[Site, Ran]]:
    """Build the project anew, with these lines for its image."""

    def fresh(folder: str, image: str, code: int = 0, **more: Any) -> tuple[Site, Ran]:
        name = f"{engine.registry}/outputs-{os.urandom(4).hex()}"
        env = {"HATCH_MULTIARCH_ENGINE": "", **more.pop("env", {})}
        root = small(
            tmp_path / folder,
            engine,
            **{"platforms": BOTH, "image": f'name = "{name}"\n{image}', **more},
        )
        said = run(*HATCHLING, cwd=root, code=code, **env)
        return Site(root, name), said

    return fresh


@pytest.mark.containerd_store
def test_zstd_layers_and_no_attestation(
    fresh: Callable[..., tuple[Site, Ran]], engine: Engine, run: Callable[..., Ran]
) -> None:
    made, _ = fresh("zstd", 'outputs = [{ type = "registry", compression = "zstd" }]')
    index = raw(engine, f"{made.image}:1.0.0")
    assert [each["platform"]["os"] for each in index["manifests"]] == ["linux", "linux"]
    for digest in digests(index).values():
        [layer] = raw(engine, f"{made.image}@{digest}")["layers"]
        assert layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar+zstd"
    # No tag loses a platform by a push of BuildKit's either.
    file = made.root / "pyproject.toml"
    file.write_text(file.read_text("utf-8").replace(json.dumps(BOTH), '["linux/arm64"]'), "utf-8")
    said = run(*HATCHLING, cwd=made.root, code=9, HATCH_MULTIARCH_ENGINE="")
    assert f"error: {made.image}:1.0.0 would lose linux/amd64: " in said
    assert raw(engine, f"{made.image}:1.0.0") == index


@pytest.mark.containerd_store
@pytest.mark.parametrize("mode", ["ours", "min", "max"])
def test_provenance(
    site: Site, fresh: Callable[..., tuple[Site, Ran]], engine: Engine, mode: str
) -> None:
    """Ours, unless the output is one of BuildKit's."""
    if mode != "ours":
        zstd = '{ type = "registry", compression = "zstd" }'
        site, _ = fresh(mode, f'outputs = [{zstd}]\nprovenance = "{mode}"')
    words = ["buildx", "imagetools", "inspect", "--format", "{{json .Provenance}}"]
    said = json.loads(docker(engine, *words, f"{site.image}:1.0.0"))
    assert set(said) == set(BOTH)
    for platform in BOTH:
        slsa = said[platform]["SLSA"]
        if mode == "ours":
            kind = slsa["buildDefinition"]["buildType"]
            assert kind.startswith("pkg:pypi/hatch-multiarch")
            continue
        assert slsa["buildType"].startswith("https://mobyproject.org/buildkit")
        assert ("buildConfig" in slsa) == (mode == "max")


SCANNER = """\
FROM {python}
COPY scan.py /
ENTRYPOINT ["python3", "/scan.py"]
"""
SCAN = """\
import hashlib, json, os, pathlib
root = pathlib.Path(os.environ["BUILDKIT_SCAN_SOURCE"])
files = [
    {"fileName": f"/{path.relative_to(root)}", "SPDXID": f"SPDXRef-{number}", "checksums": [
        {"algorithm": "SHA256", "checksumValue": hashlib.sha256(path.read_bytes()).hexdigest()}]}
    for number, path in enumerate(sorted(root.rglob("*"))) if path.is_file()
]
statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType":
    "https://spdx.dev/Document", "predicate": {"spdxVersion": "SPDX-2.3", "files": files}}
to = pathlib.Path(os.environ["BUILDKIT_SCAN_DESTINATION"], "helpers.spdx.json")
to.write_text(json.dumps(statement))
"""
"""A scanner by BuildKit's protocol for them (docs/attestations/sbom-protocol.md)."""


def test_sbom_of_a_scanner_names_the_helpers(
    fresh: Callable[..., tuple[Site, Ran]],
    run: Callable[..., Ran],
    engine: Engine,
    buildkit_image: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    """By a docker-container builder: the tests' own docker has no network that scanners ask for."""
    scanner = f"{engine.registry}/scanner-{os.urandom(4).hex()}:1"
    folder = tmp_path / "scanner"
    folder.mkdir()
    (folder / "Dockerfile").write_text(SCANNER.format(python=engine.python_image), "utf-8")
    (folder / "scan.py").write_text(SCAN, "utf-8")
    docker(engine, "buildx", "build", "--quiet", f"--tag={scanner}", "--push", folder)
    (tmp_path / "buildkitd.toml").write_text(SETTINGS.format(registry=engine.registry), "utf-8")
    name = f"hm-sbom-{os.urandom(4).hex()}"
    create = ["buildx", "create", f"--name={name}", f"--driver-opt=image={buildkit_image}"]
    create += ["--driver-opt=network=host", f"--buildkitd-config={tmp_path}/buildkitd.toml"]
    docker(engine, *create, "--bootstrap")
    try:
        image = f'outputs = ["oci", "registry"]\nsbom = "{scanner}"'
        made, _ = fresh("sbom", image, env={"BUILDX_BUILDER": name})
    finally:
        docker(engine, "buildx", "rm", name)
    words = ["buildx", "imagetools", "inspect", "--format", "{{json .SBOM}}"]
    said = json.loads(docker(engine, *words, f"{made.image}:1.0.0"))
    for platform in BOTH:
        [file] = said[platform]["SPDX"]["files"]
        assert file["fileName"] == "/usr/local/bin/greet"
        assert file["checksums"][0]["checksumValue"] == made.built[platform]
    shown = run(sys.executable, "-m", "hatch_multiarch", "inspect", made.root)
    assert shown.out.count("sbom (spdx.dev/Document)") == len(BOTH)


@pytest.mark.containerd_store
def test_two_builds_from_different_folders_are_the_same_bytes(
    site: Site, fresh: Callable[..., tuple[Site, Ran]], engine: Engine
) -> None:
    """In another folder, of other times, as another epoch's build has left it in the cache."""
    old = {"SOURCE_DATE_EPOCH": "1000000000"}
    for folder, env in (("elsewhere", old), ("and/there", {})):
        other, _ = fresh(folder, 'outputs = ["registry", "tar"]', env=env)
        mine = wheels(other.root)
        manifests = digests(raw(engine, f"{other.image}:1.0.0"))
        same = env == {}
        assert (manifests == digests(raw(engine, f"{site.image}:1.0.0"))) == same
        assert (mine == wheels(site.root)) == same
        assert (entries(other) == entries(site)) == same
        assert other.built == site.built
    assert layer_times(engine, other) == {1580601600}


def entries(made: Site) -> list[dict[str, object]]:
    """Return the entries of the output `tar`, but for BuildKit's provenance."""
    with tarfile.open(made.out / "greeter-1.0.0.image.tar") as tar:
        found = [member for member in tar if not member.name.endswith("provenance.json")]
        return [member.get_info() for member in found]


def layer_times(engine: Engine, made: Site) -> set[int]:
    """Return the times of all files in the image that was pushed, in seconds."""
    times = set()
    for digest in digests(raw(engine, f"{made.image}:1.0.0")).values():
        for layer in raw(engine, f"{made.image}@{digest}")["layers"]:
            data = gzip.decompress(pushed(made, layer["digest"]))
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                times |= {int(member.mtime) for member in tar}
    return times


def pushed(made: Site, digest: str) -> bytes:
    """Return a blob of the image that was pushed."""
    registry, _, repository = made.image.partition("/")
    with urllib.request.urlopen(f"http://{registry}/v2/{repository}/blobs/{digest}") as answer:
        data: bytes = answer.read()
    return data


def test_a_change_that_leaves_size_and_time_is_compiled_and_shipped(
    fresh: Callable[..., tuple[Site, Ran]], run: Callable[..., Ran], engine: Engine
) -> None:
    """BuildKit takes a file of one name, size and time for the one that it has (fsutil)."""
    made, _ = fresh("greeter", 'outputs = ["registry"]', platforms=BOTH[:1])
    before = greet_of(next((made.root / "dist").glob("*.whl")))
    source = made.root / "helpers/greet/main.go"
    times = source.stat()
    text = source.read_text("utf-8")
    source.write_text(text.replace("Hello world!", "Howdy folks!"), "utf-8")
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert source.stat().st_size == times.st_size
    run(*HATCHLING, cwd=made.root, HATCH_MULTIARCH_ENGINE="")
    assert greet_of(next((made.root / "dist").glob("*.whl"))) != before
    said = docker(engine, "run", "--rm", "--pull=always", f"{made.image}:1.0.0")
    docker(engine, "image", "rm", f"{made.image}:1.0.0")
    assert "Howdy folks!" in said


@pytest.mark.containerd_store
def test_helpers_of_this_machine_in_an_image_of_buildkit(
    fresh: Callable[..., tuple[Site, Ran]], engine: Engine
) -> None:
    env = {"HATCH_MULTIARCH_ENGINE": "host"}
    made, _ = fresh("host", 'outputs = ["registry", "tar"]', env=env)
    found = report(made.root)
    assert found["tools"]["engine"] == "host"
    assert {each["reference"] for each in found["image"]["published"]} == {f"{made.image}:1.0.0"}
    assert digests(raw(engine, f"{made.image}:1.0.0")) == {
        each["platform"]: each["digest"] for each in found["image"]["manifests"]
    }
    in_wheels = {greet_of(path) for path in (made.root / "dist").glob("*.whl")}
    assert in_wheels == set(made.built.values())
    for each in found["image"]["manifests"]:
        assert each["files"]["usr/local/bin/greet"] == made.built[each["platform"]]


@pytest.mark.containerd_store
@pytest.mark.parametrize("kind", ["local", "registry"])
def test_the_cache_goes_out_and_comes_in(
    fresh: Callable[..., tuple[Site, Ran]], engine: Engine, tmp_path: Path, kind: str
) -> None:
    place = f"{engine.registry}/cache-{os.urandom(4).hex()}:1"
    to = f"type=local,dest={tmp_path}/kept" if kind == "local" else f"type=registry,ref={place}"
    made, _ = fresh("out", 'outputs = ["oci"]', platforms=BOTH[:1], stage=f'cache-to = ["{to}"]')
    if kind == "local":
        top = json.loads((tmp_path / "kept/index.json").read_text("utf-8"))["manifests"][0]
        file = tmp_path / "kept/blobs" / top["digest"].replace(":", "/")
        manifest = json.loads(file.read_text("utf-8"))
    else:
        manifest = raw(engine, place)
    assert "buildkit.cacheconfig" in json.dumps(manifest)
    given = to.replace("dest=", "src=")
    other, said = fresh(
        "in", 'outputs = ["oci"]', platforms=BOTH[:1], stage=f'cache-from = ["{given}"]'
    )
    assert other.built == made.built
    assert "warning" not in said.out.lower()


def test_an_inline_cache_is_in_the_image(
    fresh: Callable[..., tuple[Site, Ran]], engine: Engine
) -> None:
    made, _ = fresh("inline", 'outputs = [{ type = "registry", cache = true }]', platforms=BOTH[:1])
    manifest = raw(engine, f"{made.image}:1.0.0")  # of one platform: there is no index
    config = manifest["config"]["digest"]
    assert b"moby.buildkit.cache.v0" in pushed(made, config)


def test_an_output_for_no_platform_of_this_build_is_left_out(
    fresh: Callable[..., tuple[Site, Ran]],
) -> None:
    outputs = 'outputs = ["tar", { type = "docker", platforms = "linux/amd64" }]'
    made, _ = fresh("part", outputs, env={"HATCH_MULTIARCH_PLATFORMS": "linux/arm64"})
    assert report(made.root)["image"]["published"] == []
    with tarfile.open(made.out / "greeter-1.0.0.image.tar") as tar:
        assert "usr/local/bin/greet" in tar.getnames()


@pytest.mark.containerd_store
@pytest.mark.parametrize(
    ("output", "code", "message"),
    [
        ('{ type = "registry", compression = "zstd" }', 8, "error: the builder cannot reach a"),
        ('"registry"', 9, "error: 127.0.0.1:"),  # pushed without BuildKit
    ],
)
def test_a_push_that_fails_leaves_all_as_it_was(
    fresh: Callable[..., tuple[Site, Ran]],
    run: Callable[..., Ran],
    output: str,
    code: int,
    message: str,
) -> None:
    made, _ = fresh("greeter", f'outputs = ["oci", {output}]', platforms=BOTH[:1])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{free.getsockname()[1]}"
        file = made.root / "pyproject.toml"
        text = file.read_text("utf-8").replace(made.image, f"{closed}/greeter")
        file.write_text(text.replace('"1.0.0"', '"1.0.1"'), "utf-8")
        before = tree(made.root)
        said = run(*HATCHLING, cwd=made.root, code=code, HATCH_MULTIARCH_ENGINE="")
    after = tree(made.root)
    assert after == before
    [line] = [line for line in said.out.splitlines() if line.startswith("error: ")]
    assert line.startswith(message)
    assert closed in line
    assert "Traceback" not in said


def tree(root: Path) -> dict[str, str]:
    """Return what ``dist`` and ``build`` hold, but for the binaries, which are a cache."""
    return {
        path.relative_to(root).as_posix(): sha256(path.read_bytes()) if path.is_file() else ""
        for part in ("dist", "build")
        for path in (root / part).rglob("*")
        if "bin" not in path.relative_to(root).parts
    }
