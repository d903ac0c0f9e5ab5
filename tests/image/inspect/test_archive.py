"""What archives and folders hold, told without unpacking them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from support import need

from hatch_multiarch.cli.inspect import as_text
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.inspect import check, inspect_archive, open_image

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
NAME = "registry.example.com/team/greeter"
PLATFORMS = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
SPDX = "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v1"


def look(path, *, checked=False):
    with open_image(path) as archive:
        found = inspect_archive(archive)
        if checked:
            check(archive, found)
        return found


@pytest.mark.parametrize("form", ["archive", "packed", "image"])
def test_archive_gzip_and_folder_tell_the_same(maker, form):
    path = getattr(maker, form)(tags=("1.0.0", "latest"), attest=(SPDX, SLSA))
    found = look(path, checked=True)
    assert found.kind == ("oci-layout" if form == "image" else "oci-archive")
    [image] = found.images
    assert image.names == (f"{NAME}:1.0.0", f"{NAME}:latest")
    assert (image.media_type, image.digest) == (INDEX, maker.top.digest)
    assert [each.platform for each in image.manifests] == PLATFORMS
    for each, (made, _), layer in zip(image.manifests, maker.manifests, maker.layers, strict=True):
        assert (each.media_type, each.digest) == (MANIFEST, made.digest)
        config = json.loads(maker.blob(made).read_text())["config"]
        assert each.config == config["digest"]
        assert each.size == made.size + config["size"] + layer.size
        assert [part.digest for part in each.layers] == [layer.digest]
        kinds = [(note.kind, note.predicate_type) for note in each.attestations]
        assert kinds == [("sbom", SPDX), ("provenance", SLSA)]
        assert maker.blob(each.attestations[0].digest).stat().st_size == each.attestations[0].size


def test_the_table_is_for_people(maker):
    path = maker.archive(platforms=PLATFORMS[:2], attest=(SPDX, SLSA, "https://own.example/x"))
    (first, _), (second, _) = maker.manifests
    notes = "sbom (spdx.dev/Document), provenance (slsa.dev/provenance/v1), own.example/x"
    assert as_text(look(path)).splitlines() == [
        f"name        {NAME}:1.0.0",
        f"media type  {INDEX}",
        f"digest      {maker.top.digest}",
        "",
        f"platform     {'digest':<71}  size    attestations",
        f"linux/amd64  {first.digest}  0.0 MB  {notes}",
        f"linux/arm64  {second.digest}  0.0 MB  {notes}",
    ]


def test_a_lone_manifest_has_its_platform_from_the_config(maker):
    [image] = look(maker.archive(platforms=["linux/arm/v7"], lone=True)).images
    assert (image.media_type, image.digest) == (MANIFEST, maker.manifests[0][0].digest)
    assert [each.platform for each in image.manifests] == ["linux/arm/v7"]


def test_an_index_without_names_is_the_image_itself(maker):
    folder = maker.image()
    entries = [each.document(**more) for each, more in maker.manifests]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    (folder / "index.json").write_text(json.dumps(index))
    [image] = look(folder).images
    assert (image.names, image.media_type, image.digest) == ((), INDEX, "")
    assert [each.platform for each in image.manifests] == PLATFORMS


def test_a_platform_that_is_listed_but_not_held_is_told_as_such(maker):
    """`docker save` writes the whole index and the blobs of the platforms that it has."""
    folder = maker.image()
    maker.blob(maker.manifests[1][0]).unlink()
    found = look(folder, checked=True)
    sizes = {each.platform: each.size for each in found.images[0].manifests}
    assert sizes["linux/arm64"] is None
    assert sizes["linux/amd64"]
    assert "not here" in as_text(found)


def test_check_reads_what_inspect_does_not(maker):
    folder = maker.image()
    layer = maker.blob(maker.layers[1])
    data = bytearray(layer.read_bytes())
    data[-1] ^= 1
    layer.write_bytes(data)
    look(folder)
    with pytest.raises(ImageError, match=f"{layer.name}: the bytes don't match this digest"):
        look(folder, checked=True)
    layer.write_bytes(data[:-1])
    with pytest.raises(ImageError, match=rf"{len(data) - 1} bytes, but the manifest says"):
        look(folder, checked=True)
    layer.unlink()
    with pytest.raises(ImageError, match=f"{layer.name} is missing"):
        look(folder, checked=True)


def test_check_reads_blobs_that_nothing_refers_to(maker):
    folder = maker.image()
    stray = folder / "blobs/sha256" / ("0" * 64)
    stray.write_bytes(b"stray")
    with pytest.raises(ImageError, match="0000: the bytes don't match this digest"):
        look(folder, checked=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: root.mkdir(), "no OCI layout"),
        (lambda root: (root / "linux_arm64/bin").mkdir(parents=True), "the files of linux/arm64"),
        (lambda root: root.write_bytes(b""), "not a readable tar archive"),
        (lambda root: root.write_bytes(b"\x1f\x8bnonsense"), "not a readable gzip archive"),
        (os.mkfifo, "neither a file nor a folder"),
    ],
)
def test_what_is_no_image_is_said_to_be_none(tmp_path, make, message):
    root = tmp_path / "thing"
    make(root)
    with pytest.raises(ImageError, match=message):
        look(root)


@pytest.mark.witness
@pytest.mark.parametrize("packed", [False, True])
def test_docker_archives_as_skopeo_writes_them(maker, tmp_path, packed):
    archive = maker.archive()
    saved = tmp_path / "saved.tar"
    command = [need("skopeo"), "--insecure-policy", "--override-arch", "arm64", "copy"]
    target = f"docker-archive:{saved}:greeter:1.0.0"
    subprocess.run([*command, f"oci-archive:{archive}:1.0.0", target], check=True)
    if packed:
        subprocess.run(["gzip", saved], check=True)
        saved = saved.with_name("saved.tar.gz")
    found = look(saved, checked=True)
    assert found.kind == "docker-archive"
    [image] = found.images
    assert image.names == ("docker.io/library/greeter:1.0.0",)
    [manifest] = image.manifests
    config = json.loads(maker.blob(maker.manifests[1][0]).read_text())["config"]["digest"]
    assert (manifest.platform, manifest.digest, manifest.config) == ("linux/arm64", "", config)
    assert config in as_text(found)


@pytest.mark.witness
def test_skopeo_s_dir_is_told_from_a_layout(maker, tmp_path):
    archive = maker.archive()
    command = [need("skopeo"), "--insecure-policy", "copy"]
    target = tmp_path / "out"
    subprocess.run([*command, f"oci-archive:{archive}:1.0.0", f"dir:{target}"], check=True)
    with pytest.raises(ImageError, match="skopeo's `dir:`"):
        look(target)
    layout = tmp_path / "layout"
    subprocess.run(
        [*command, "--all", f"oci-archive:{archive}:1.0.0", f"oci:{layout}:1.0.0"], check=True
    )
    [image] = look(layout, checked=True).images
    assert (image.names, image.digest) == (("1.0.0",), maker.top.digest)
    shutil.rmtree(layout / "blobs")
    with pytest.raises(ImageError, match=f"{maker.top.digest} is missing"):
        look(layout)
