"""Pushed images, read from a real registry without docker."""

from __future__ import annotations

import hashlib
import secrets
import subprocess

import pytest
from engine_fixture import docker
from support import need

from hatch_multiarch.errors import ImageError, RegistryError
from hatch_multiarch.image.inspect import inspect_archive, open_image
from hatch_multiarch.image.inspect.inspect_image import inspect_reference
from hatch_multiarch.registry import Cache

SPDX = "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v1"


@pytest.fixture
def push(engine, maker):
    """Push what the maker makes; return the reference and what its archive says."""

    def push(*words, **image):
        archive = maker.archive(**image)
        reference = f"{engine.registry}/inspect-{secrets.token_hex(4)}/greeter:1.0.0"
        copy = [need("skopeo"), "--insecure-policy", "copy", "--dest-tls-verify=false", *words]
        places = [f"oci-archive:{archive}:1.0.0", f"docker://{reference}"]
        subprocess.run([*copy, *places], check=True)
        with open_image(archive) as opened:
            return reference, inspect_archive(opened).images[0]

    return push


def test_a_pushed_image_says_what_its_archive_says(engine, push):
    reference, archived = push("--all", attest=(SPDX, SLSA, "https://own.example/predicate"))
    found = inspect_reference(reference, engine.env)
    assert (found.source, found.kind) == (reference, "registry")
    [image] = found.images
    assert image.names == (reference,)
    assert image.digest == archived.digest
    assert image.media_type == archived.media_type
    assert image.manifests == archived.manifests
    assert [each.kind for each in image.manifests[0].attestations] == [
        "sbom",
        "provenance",
        "other",
    ]


def test_by_digest_and_by_tag_are_the_same(engine, push):
    reference, archived = push("--all")
    name = reference.rpartition(":")[0]
    [image] = inspect_reference(f"{name}@{archived.digest}", engine.env).images
    assert image.manifests == archived.manifests
    manifest = archived.manifests[2]
    [lone] = inspect_reference(f"{name}:other@{manifest.digest}", engine.env).images
    assert lone.digest == manifest.digest
    assert [each.platform for each in lone.manifests] == ["linux/arm/v7"]


def test_docker_s_own_media_types(engine, push):
    reference, _ = push("--all", "--format", "v2s2")
    [image] = inspect_reference(reference, engine.env).images
    assert image.media_type == "application/vnd.docker.distribution.manifest.list.v2+json"
    types = {each.media_type for each in image.manifests}
    assert types == {"application/vnd.docker.distribution.manifest.v2+json"}
    assert [each.platform for each in image.manifests] == [
        "linux/amd64",
        "linux/arm64",
        "linux/arm/v7",
    ]


@pytest.mark.containerd_store
def test_what_buildx_pushes_has_its_provenance(engine, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    reference = f"{engine.registry}/inspect-{secrets.token_hex(4)}:1"
    command = ("buildx", "build", "--platform", "linux/amd64,linux/arm64", "-t", reference)
    docker(engine, *command, "--provenance=mode=min", "--push", tmp_path)
    try:
        [image] = inspect_reference(reference, engine.env).images
        assert [each.platform for each in image.manifests] == ["linux/amd64", "linux/arm64"]
        kinds = [[note.kind for note in each.attestations] for each in image.manifests]
        assert kinds == [["provenance"], ["provenance"]]
        raw = subprocess.run(
            ["docker", "buildx", "imagetools", "inspect", "--raw", reference],
            env=engine.env,
            check=True,
            capture_output=True,
        ).stdout
        assert image.digest == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    finally:
        subprocess.run(["docker", "image", "rm", reference], env=engine.env, check=False)


def test_inspecting_needs_no_docker(engine, push):
    reference, archived = push("--all")
    env = {**engine.env, "PATH": "/nowhere", "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    assert inspect_reference(reference, env).images[0].digest == archived.digest


def test_a_lone_manifest_has_the_platform_of_its_config(engine, push):
    """What is pulled is kept, and counts for nothing when it was damaged since."""
    reference, archived = push()
    name, manifest = reference.rpartition(":")[0], archived.manifests[0]
    blobs = Cache.of(engine.env)
    for _ in range(2):
        [image] = inspect_reference(f"{name}@{manifest.digest}", engine.env).images
        assert image.manifests[0].platform == "linux/amd64"
        assert blobs.has(manifest.config)
        blobs.path(manifest.config).write_text("{}")


def test_what_is_not_there_is_said_not_to_be(engine):
    with pytest.raises(RegistryError, match="has no such repository") as caught:
        inspect_reference(f"{engine.registry}/inspect/none:1", engine.env)
    assert caught.value.advice == "check the name and the tag"
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:1: connection refused"):
        inspect_reference("127.0.0.1:1/inspect/none:1", engine.env)


@pytest.mark.parametrize(
    "reference",
    ["--raw", "-x", "team/Upper", "a b", "a:b:c", "a@sha256:12", "", "a\n", "$(id)", "a/../b"],
)
def test_what_is_no_reference_is_told(reference):
    with pytest.raises(ImageError, match="nor the name of an image"):
        inspect_reference(reference, {})


def test_a_name_alone_may_be_meant_for_docker(tmp_path):
    """The name is one on Docker Hub; the proxy that leads there is one that nobody serves."""
    env = {"HTTPS_PROXY": "http://127.0.0.1:1", "HOME": str(tmp_path)}
    with pytest.raises(RegistryError, match=r"docker.io/library/greeter") as caught:
        inspect_reference("greeter:1.0.0", env)
    assert "only in docker" in caught.value.advice
