"""`hatchling build` on a base in a registry, on a machine without docker."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest
from buildkit.small import report, small
from engine_fixture import docker
from go_programs import crane
from registry.proxy import Proxy

from hatch_multiarch.oci.open import open_layout

pytestmark = pytest.mark.slow
BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
PUSH = (sys.executable, "-m", "hatch_multiarch", "push")
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7")
ARCHIVE = "build/multiarch/greeter-1.0.0.oci.tar"
BASE = "org.opencontainers.image.base"


@pytest.fixture
def cache(engine):
    """Return what counts the requests to the registry that has the base."""
    with Proxy(int(engine.registry.rpartition(":")[2])) as proxy:
        yield proxy


@pytest.fixture
def bare(bare, tmp_path):
    # Go's cache would be below that home, too, and all of Go be compiled for each test.
    go = os.environ.get("GOCACHE") or str(Path.home() / ".cache/go-build")
    home = str(tmp_path / "home")
    return {**bare, "XDG_CACHE_HOME": home, "GOCACHE": go, "PIP_NO_INDEX": "1"}


@pytest.fixture
def root(tmp_path, engine, cache):
    """Return a project of one pure-Go helper on the Python base of the tests."""
    root = tmp_path / "greeter"
    base = engine.python_image.replace(engine.registry, cache.host)
    small(root, engine, platforms=PLATFORMS, image=f'base = "{base}"', builder="")
    file = root / "pyproject.toml"
    text = file.read_text().replace('engine = "buildkit"', 'engine = "host"')
    file.write_text(text[: text.index("[tool.multiarch.stage]")])
    return root


def asked(cache):
    found = [(each.method, each.path.partition("/python/")[2]) for each in cache.asked]
    cache.asked.clear()
    return found


def documents(engine):
    """Return the base's digest, and platform -> digest of its manifest."""
    told = docker(engine, "buildx", "imagetools", "inspect", engine.python_image)
    digest = next(each.split()[1] for each in told.splitlines() if each.startswith("Digest:"))
    raw = docker(engine, "buildx", "imagetools", "inspect", "--raw", engine.python_image)
    found = {}
    for each in json.loads(raw)["manifests"]:
        platform = each["platform"]
        parts = [platform["os"], platform["architecture"], platform.get("variant")]
        found["/".join(filter(None, parts))] = each["digest"]
    return digest, found


def test_on_a_base_in_a_registry_pushed_and_run_by_docker(
    site, engine, run, bare, name, cache, root
):
    said = run(*BUILD, cwd=root, **bare).out
    assert "`hatch-multiarch lock` writes its digest into pyproject.toml" in " ".join(said.split())
    first = report(root)["image"]
    blobs = [path for method, path in asked(cache) if method == "GET" and path.startswith("blobs")]
    assert len(blobs) == len(set(blobs)) == 2 * len(PLATFORMS), "a config and a layer each"
    digest, manifests = documents(engine)
    assert (first["base"].partition("/")[2], first["base_digest"]) == ("python:bookworm", digest)
    assert {each["platform"]: each["base"] for each in first["manifests"]} == {
        platform: manifests[platform] for platform in PLATFORMS
    }
    with open_layout(root / ARCHIVE) as archive:
        for made, wanted in [
            (first["digest"], digest),
            *((each["digest"], each["base"]) for each in first["manifests"]),
        ]:
            each = json.loads(archive.open(archive.describe(made)).read())
            assert each["annotations"][f"{BASE}.digest"] == wanted
            assert each["annotations"][f"{BASE}.name"] == f"{cache.host}/python:bookworm"
    target = f"{site.host}/{name}:1"
    run(*PUSH, root / ARCHIVE, target, **bare)
    try:
        for platform in PLATFORMS:
            words = ["run", "--rm", "--network=none", "--pull=always", "--quiet"]
            # The project's one script; it finds the helper through Python.
            ran = docker(engine, *words, f"--platform={platform}", target)
            assert f"[{platform.split('/')[1]}] architecture" in ran
    finally:
        docker(engine, "image", "rm", "--force", target)

    archive = (root / ARCHIVE).read_bytes()
    run(*BUILD, cwd=root, **bare)
    assert asked(cache) == [("HEAD", "manifests/bookworm")]
    assert (root / ARCHIVE).read_bytes() == archive
    run(*BUILD, cwd=root, HATCH_MULTIARCH_OFFLINE="1", **bare)
    assert asked(cache) == []
    assert (root / ARCHIVE).read_bytes() == archive


@pytest.mark.network
def test_crane_finds_nothing_wrong_with_what_is_pushed(site, run, bare, name, root):
    # Without attestations, which crane takes for images that lack layers, BuildKit's own too:
    # tests/end_to_end/test_on_a_base.py.
    run(*BUILD, cwd=root, **bare)
    target = f"{site.host}/{name}:1"
    run(*PUSH, root / ARCHIVE, target, **bare)
    program = crane()

    index = run(program, "manifest", "--insecure", target, **bare).out
    made = report(root)["image"]
    assert f"sha256:{hashlib.sha256(index.encode()).hexdigest()}" == made["digest"]
    # The whole index: every blob is read, and hashed packed and unpacked.
    run(program, "validate", "--insecure", "--remote", target, **bare)
    for each in made["manifests"]:
        of = ("--insecure", "--platform", each["platform"])
        run(program, "validate", *of, "--remote", target, **bare)
        assert json.loads(run(program, "config", *of, target, **bare).out)["os"] == "linux"
        assert run(program, "digest", *of, target, **bare).out.strip() == each["digest"]


def test_offline_what_is_missing_is_one_line(run, bare, cache, root):
    said = run(*BUILD, cwd=root, code=9, HATCH_MULTIARCH_OFFLINE="1", **bare).out
    assert "Traceback" not in said
    assert " ".join(said.split()).count("the tag bookworm is not in the cache") == 1
    assert asked(cache) == []
    assert not list((root / "dist").glob("*"))


def test_only_the_platforms_of_the_build_are_pulled(run, bare, cache, root):
    run(*BUILD, cwd=root, HATCH_MULTIARCH_PLATFORMS="linux/arm64", **bare)
    blobs = [path for _, path in asked(cache) if path.startswith("blobs")]
    assert len(blobs) <= 2
    said = run(*BUILD, cwd=root, code=7, HATCH_MULTIARCH_PLATFORMS="linux/s390x", **bare).out
    found = " ".join(said.split())
    assert "has no linux/s390x; it has linux/amd64, linux/arm64, linux/arm/v7" in found
