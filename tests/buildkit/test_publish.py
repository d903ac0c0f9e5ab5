"""Outputs of the image for real: several at once, attested, equal twice, cached, or refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from typing import TYPE_CHECKING

import pytest
from buildkit.small import BOTH, docker, greet_of, report, small, wheels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

EVERY = """\
outputs = [
  "oci", "layout", "local", "tar", "registry", { type = "docker", platforms = "linux/amd64" },
]
provenance = "max"
"""


@pytest.fixture(scope="module")
def name(engine: Engine) -> str:
    return f"{engine.registry}/hm-publish-{os.urandom(4).hex()}"


@pytest.fixture(scope="module")
def every(
    engine: Engine,
    name: str,
    tmp_path_factory: pytest.TempPathFactory,
    run: Callable[..., Ran],
) -> Path:
    import sys

    root = tmp_path_factory.mktemp("publish") / "greeter"
    small(root, engine, platforms=BOTH, image=f'name = "{name}"\ntags = ["1"]\n{EVERY}')
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        cwd=root,
        HATCH_MULTIARCH_ENGINE="",
    )
    return root


def helpers(root: Path) -> dict[str, str]:
    return {each["platform"]: each["sha256"] for each in report(root)["units"]}


def test_files_by_platform(every: Path) -> None:
    folder = every / "build/multiarch/greeter-1.0.0.image"
    with tarfile.open(f"{folder}.tar") as tar:
        for platform, sha256 in helpers(every).items():
            path = f"{platform.replace('/', '_')}/usr/local/bin/greet"
            file = tar.extractfile(path)
            assert file is not None
            assert hashlib.sha256(file.read()).hexdigest() == sha256
            assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == sha256


def test_archive_and_layout_hold_the_pushed_image(every: Path, engine: Engine, name: str) -> None:
    published = {each["type"]: each for each in report(every)["image"]["published"]}
    assert set(published) == {"registry", "docker"}
    raw = docker(engine, "buildx", "imagetools", "inspect", "--raw", f"{name}:1")
    pushed = [
        each["digest"]
        for each in json.loads(raw)["manifests"]
        if each["platform"]["architecture"] != "unknown"
    ]
    assert pushed == [each["digest"] for each in report(every)["image"]["manifests"]]
    layout = every / "build/multiarch/greeter-1.0.0.oci"
    for digest in pushed:
        assert (layout / "blobs" / digest.replace(":", "/")).is_file()
        with tarfile.open(f"{layout}.tar") as tar:
            assert f"blobs/{digest.replace(':', '/')}" in tar.getnames()


def test_provenance_is_attached_and_names_the_stage(engine: Engine, every: Path, name: str) -> None:
    words = ("buildx", "imagetools", "inspect", "--format", "{{json .Provenance}}", f"{name}:1")
    said = json.loads(docker(engine, *words))
    assert set(said) == set(BOTH)
    assert "SLSA" in said["linux/arm64"]
    raw = docker(engine, "buildx", "imagetools", "inspect", "--raw", f"{name}:1")
    kinds = [each.get("annotations", {}) for each in json.loads(raw)["manifests"]]
    assert [kind.get("vnd.docker.reference.type") for kind in kinds].count(
        "attestation-manifest"
    ) == len(BOTH)


def test_docker_has_the_platform_asked_for(every: Path, engine: Engine, name: str) -> None:
    try:
        assert "[amd64]" in docker(engine, "run", "--rm", "--pull=never", f"{name}:1")
    finally:
        docker(engine, "image", "rm", "--force", f"{name}:1")


def test_two_clean_builds_are_equal(
    engine: Engine, name: str, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    found = []
    for number, epoch in enumerate(("1700000000", "1700000000", "1600000000")):
        root = tmp_path / str(number) / "greeter"
        root.parent.mkdir()
        small(
            root,
            engine,
            platforms=BOTH,
            image=f'name = "{name}-{number}"\ntags = ["1"]\noutputs = ["registry"]\nworkdir = "/w"',
        )
        for path in root.rglob("*"):
            os.utime(path, (10**9 + number, 10**9 + number))
        buildkit(root, SOURCE_DATE_EPOCH=epoch)
        raw = docker(engine, "buildx", "imagetools", "inspect", "--raw", f"{name}-{number}:1")
        found.append(([each["digest"] for each in json.loads(raw)["manifests"]], wheels(root)))
    assert found[0] == found[1]
    assert found[0][0] != found[2][0]


def test_the_host_compiles_and_buildkit_pushes(
    engine: Engine, name: str, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    image = f'name = "{name}"\ntags = ["host"]\noutputs = ["registry"]'
    root = small(tmp_path / "greeter", engine, image=image)
    file = root / "pyproject.toml"
    text = file.read_text().replace('engine = "buildkit"', 'engine = "host"')
    file.write_text(text)
    buildkit(root)
    assert report(root)["tools"]["engine"] == "host"
    [wheel] = (root / "dist").glob("*.whl")
    [proof] = report(root)["proof"]
    assert greet_of(wheel) == proof["sha256"]
    assert proof["image"]["manifest"] == report(root)["image"]["manifests"][0]["digest"]
    assert "[amd64]" in docker(engine, "run", "--rm", f"{name}:host")
    docker(engine, "image", "rm", "--force", f"{name}:host")


def test_layers_can_be_zstd(
    engine: Engine, name: str, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    outputs = 'outputs = [{ type = "registry", compression = "zstd" }]'
    root = small(tmp_path / "greeter", engine, image=f'name = "{name}"\ntags = ["zstd"]\n{outputs}')
    buildkit(root)
    raw = docker(engine, "buildx", "imagetools", "inspect", "--raw", f"{name}:zstd")
    found = json.loads(raw)
    if "manifests" in found:
        reference = f"{name}@{found['manifests'][0]['digest']}"
        found = json.loads(docker(engine, "buildx", "imagetools", "inspect", "--raw", reference))
    assert {each["mediaType"].rpartition("+")[2] for each in found["layers"]} == {"zstd"}


def test_the_cache_goes_out_and_comes_back(
    engine: Engine, name: str, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    cache = tmp_path / "cache"
    stage = f'cache-to = ["type=local,dest={cache},mode=max"]'
    root = small(tmp_path / "greeter", engine, stage=stage)
    buildkit(root)
    assert (cache / "index.json").is_file()
    before = helpers(root)
    shutil.rmtree(root)
    small(root, engine, stage=f'cache-from = ["type=local,src={cache}"]')
    buildkit(root)
    assert helpers(root) == before


def test_a_push_that_fails_leaves_nothing(
    engine: Engine, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    image = 'name = "127.0.0.1:9/team/greeter"\noutputs = ["oci", "registry"]'
    root = small(tmp_path / "greeter", engine, image=image)
    said = buildkit(root, code=8)
    assert said.out.count("error: ") == 1
    assert "Traceback" not in said
    assert not list((root / "dist").glob("*.whl"))
    assert not list((root / "build/multiarch").glob("*.json"))
    assert not list((root / "build/multiarch").glob("*.tar"))
