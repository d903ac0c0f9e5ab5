"""The image as clients that are not ours take it: skopeo copies it, tar unpacks it, it runs."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest
from support import need

pytestmark = [pytest.mark.witness, pytest.mark.slow]

PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/riscv64")


def skopeo(*arguments):
    done = subprocess.run(
        [need("skopeo"), "--insecure-policy", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def choose(platform):
    os, arch, *variant = platform.split("/")
    chosen = ["--override-os", os, "--override-arch", arch]
    return [*chosen, "--override-variant", variant[0]] if variant else chosen


@pytest.fixture
def image(bench, compiled):
    return bench.build({name: {"greet": path} for name, path in compiled.items()})


def test_skopeo_reads_our_index(image):
    raw = skopeo("inspect", "--raw", f"oci-archive:{image.outputs[0]}:1.0.0")
    assert "sha256:" + hashlib.sha256(raw.encode()).hexdigest() == image.digest
    listed = [entry["digest"] for entry in json.loads(raw)["manifests"]]
    assert listed == [each.digest for each in image.platforms]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_helper_runs_from_what_skopeo_copied(bench, image, emulate, tmp_path, platform):
    copy, root = tmp_path / "copy", tmp_path / "root"
    root.mkdir()
    skopeo("copy", *choose(platform), f"oci-archive:{image.outputs[0]}:1.0.0", f"dir:{copy}")
    manifest = json.loads((copy / "manifest.json").read_text())
    [built] = [each for each in image.platforms if each.platform.name == platform]
    assert manifest["config"]["digest"] == built.config
    assert [layer["digest"] for layer in manifest["layers"]] == list(built.layers)
    layer = copy / built.layers[0].partition(":")[2]
    subprocess.run(["tar", "-xzf", layer, "-C", root], check=True)

    config = json.loads((copy / built.config.partition(":")[2]).read_text())
    program = root / config["config"]["Entrypoint"][0].lstrip("/")
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    assert digest == bench.binaries[f"greet {platform}"].sha256
    assert built.files == {"usr/local/bin/greet": digest}
    command = [*emulate(platform), program]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said == f"hello from {platform.split('/')[1]}\n"


def test_a_copy_of_all_platforms_keeps_every_digest(image, tmp_path):
    copy = tmp_path / "copy"
    skopeo("copy", "--all", f"oci-archive:{image.outputs[0]}:1.0.0", f"oci:{copy}:1.0.0")
    blobs = {f"sha256:{path.name}" for path in (copy / "blobs/sha256").iterdir()}
    expected = {image.digest}
    for each in image.platforms:
        expected |= {each.digest, each.config, *each.layers}
    assert blobs == expected


def test_each_tag_names_the_same_image(bench, compiled):
    both = {"linux/amd64": {"greet": compiled["linux/amd64"]}}
    image = bench.build(both, tags=("1.0.0", "latest"), outputs=("oci", "layout"))
    archive, folder = image.outputs
    for source in (f"oci-archive:{archive}", f"oci:{folder}"):
        first, second = (
            skopeo("inspect", "--raw", f"{source}:{tag}") for tag in ("1.0.0", "latest")
        )
        assert first == second
    report = json.loads(skopeo("inspect", "--override-os", "linux", f"oci:{folder}:latest"))
    assert report["Architecture"] == "amd64"
