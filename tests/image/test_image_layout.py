"""The bytes: image-spec's rules by hand, reproducible, streamed, nothing half-written."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tarfile
import tracemalloc

import pytest

from hatch_multiarch.errors import AuditError, ImageError

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
FOUR = {
    "linux/amd64": {"greet": b"amd64", "tone": b"amd64 tone"},
    "linux/arm64": {"greet": b"arm64", "tone": b"arm64 tone"},
    "linux/arm/v7": {"greet": b"armv7"},
    "linux/riscv64": {"greet": b"riscv64"},
}


class Checked:
    """A layout read as the specification says; every rule it relies on is asserted."""

    def __init__(self, folder):
        self.folder = folder
        self.seen = set()
        assert json.loads((folder / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
        self.top = json.loads((folder / "index.json").read_text())
        self.manifests = []
        assert self.top["schemaVersion"] == 2
        assert self.top["mediaType"] == INDEX
        for entry in self.top["manifests"]:
            index = self.document(entry, INDEX)
            self.index = index
        assert {each["digest"] for each in self.top["manifests"]} == {entry["digest"]}
        assert index["schemaVersion"] == 2
        assert index["mediaType"] == INDEX
        self.annotations(index["annotations"])
        for entry in index["manifests"]:
            self.manifests.append(self.manifest(entry))
        stored = {path.name for path in (folder / "blobs/sha256").iterdir()}
        assert stored == self.seen, "every blob is referred to"

    def blob(self, entry, media_type):
        assert entry["mediaType"] == media_type
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", entry["digest"])
        name = entry["digest"].partition(":")[2]
        self.seen.add(name)
        data = (self.folder / "blobs/sha256" / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == name
        assert len(data) == entry["size"]
        return data

    def document(self, entry, media_type):
        return json.loads(self.blob(entry, media_type))

    def annotations(self, found):
        assert all(isinstance(text, str) for text in (*found, *found.values()))
        assert list(found) == sorted(found)
        assert "org.opencontainers.image.ref.name" not in found

    def manifest(self, entry):
        assert set(entry) == {"mediaType", "digest", "size", "platform"}
        manifest = self.document(entry, MANIFEST)
        assert manifest["schemaVersion"] == 2
        assert manifest["mediaType"] == MANIFEST
        self.annotations(manifest["annotations"])
        config = self.document(manifest["config"], CONFIG)
        platform = {key: config[key] for key in ("architecture", "os", "variant") if key in config}
        assert platform == entry["platform"]
        assert RFC3339.fullmatch(config["created"])
        layers = [gzip.decompress(self.blob(layer, LAYER)) for layer in manifest["layers"]]
        assert config["rootfs"] == {
            "type": "layers",
            "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers],
        }
        filled = [step for step in config["history"] if not step.get("empty_layer")]
        assert len(filled) == len(layers)
        return platform, manifest, config


def test_the_layout_keeps_to_the_specification(bench):
    image = bench.build(FOUR, outputs=("layout",), entrypoint=("greet",))
    checked = Checked(image.outputs[0])
    assert checked.top["manifests"][0]["digest"] == image.digest
    assert [platform for platform, _, _ in checked.manifests] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux"},
        {"architecture": "arm", "os": "linux", "variant": "v7"},
        {"architecture": "riscv64", "os": "linux"},
    ]
    for built, (_, manifest, _) in zip(image.platforms, checked.manifests, strict=True):
        blobs = [manifest["config"], *manifest["layers"]]
        assert built.config == manifest["config"]["digest"]
        assert built.layers == tuple(layer["digest"] for layer in manifest["layers"])
        own = (image.outputs[0] / "blobs/sha256" / built.digest[7:]).stat().st_size
        assert built.size == own + sum(blob["size"] for blob in blobs)


def test_the_archive_is_the_layout(bench, tmp_path):
    image = bench.build(FOUR, outputs=("oci", "layout"), entrypoint=("greet",))
    archive, folder = image.outputs
    assert (archive.name, folder.name) == ("greeter-1.0.0.oci.tar", "greeter-1.0.0.oci")
    assert sorted(path.name for path in bench.staging.iterdir()) == [folder.name, archive.name]
    with tarfile.open(archive, "r:") as tar:
        members = tar.getmembers()
        contents = {each.name: tar.extractfile(each).read() for each in members if each.isfile()}
    paths = sorted(folder.rglob("*"))
    assert [each.name for each in members] == [
        path.relative_to(folder).as_posix() for path in paths
    ]
    assert contents == {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()
    }
    assert {(each.uid, each.gid, each.uname, each.gname) for each in members} == {(0, 0, "", "")}
    assert {each.mtime for each in members} == {1_700_000_000}
    assert {each.mode for each in members} == {0o755, 0o644}


@pytest.mark.parametrize("workdir", ["/", "/srv/ä b", "/usr/local/bin", "/usr/share"])
def test_the_layer_holds_the_working_directory(bench, workdir):
    image = bench.build({"linux/amd64": {"greet": b"x"}}, outputs=("layout",), workdir=workdir)
    blob = image.outputs[0] / "blobs/sha256" / image.platforms[0].layers[0][7:]
    with tarfile.open(blob, "r:gz") as tar:
        found = {each.name: (each.type, each.mode) for each in tar}
        assert len(tar.getmembers()) == len(found)
    if workdir != "/":
        assert found[workdir.lstrip("/")] == (tarfile.DIRTYPE, 0o755)
    with pytest.raises(ImageError, match=r"image\.workdir: .* leads through the helper"):
        bench.prepare({"linux/amd64": {"greet": b"x"}}, workdir="/usr/local/bin/greet/x")
    assert list(bench.staging.iterdir()) == []


def test_the_layer_holds_helpers_and_their_folders(bench):
    image = bench.build(FOUR, outputs=("layout",), entrypoint=("greet",))
    blob = image.outputs[0] / "blobs/sha256" / image.platforms[0].layers[0][7:]
    with tarfile.open(blob, "r:gz") as tar:
        found = [(each.name, each.type, each.mode, each.size) for each in tar]
        members = tar.getmembers()
    assert found == [
        ("usr", tarfile.DIRTYPE, 0o755, 0),
        ("usr/local", tarfile.DIRTYPE, 0o755, 0),
        ("usr/local/bin", tarfile.DIRTYPE, 0o755, 0),
        ("usr/local/bin/greet", tarfile.REGTYPE, 0o755, 5),
        ("usr/local/bin/tone", tarfile.REGTYPE, 0o755, 10),
    ]
    assert {each.mtime for each in members} == {1_700_000_000}
    assert {(each.uid, each.gid, each.uname, each.gname) for each in members} == {(0, 0, "", "")}
    assert not any(each.pax_headers for each in members)
    header = blob.read_bytes()[:10]
    # RFC 1952: magic, deflate, no flags (so no name), mtime 0, unknown system
    assert header == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    assert image.platforms[0].files == {
        f"usr/local/bin/{name}": hashlib.sha256(data).hexdigest()
        for name, data in FOUR["linux/amd64"].items()
    }


def test_two_builds_are_bit_identical(bench):
    first, second = (bench.build(FOUR, entrypoint=("greet",)) for _ in range(2))
    assert first.digest == second.digest
    assert first.outputs[0] != second.outputs[0]
    assert first.outputs[0].read_bytes() == second.outputs[0].read_bytes()
    later = bench.build(FOUR, entrypoint=("greet",), epoch=1_700_000_001)
    assert later.digest != first.digest


def test_helper_order_does_not_matter_to_the_layer(bench):
    files = FOUR["linux/amd64"]
    turned = dict(reversed(files.items()))
    first, second = (
        bench.build({"linux/amd64": each}, entrypoint=("greet",)) for each in (files, turned)
    )
    assert first.digest == second.digest


@pytest.mark.parametrize(
    ("reference", "tags", "names"),
    [
        ("greeter", ("1.0.0",), ["docker.io/library/greeter:1.0.0"]),
        ("team/greeter", ("1",), ["docker.io/team/greeter:1"]),
        ("localhost/greeter", ("1",), ["localhost/greeter:1"]),
        ("box:5000/greeter", ("1",), ["box:5000/greeter:1"]),
        (
            "registry.example.com/team/greeter",
            ("1.0.0", "latest"),
            ["registry.example.com/team/greeter:1.0.0", "registry.example.com/team/greeter:latest"],
        ),
    ],
)
def test_tags_stand_in_the_layouts_index_only(bench, reference, tags, names):
    one = {"linux/amd64": {"greet": b"x"}}
    image = bench.build(one, reference=reference, tags=tags, outputs=("layout",))
    entries = Checked(image.outputs[0]).top["manifests"]
    assert [each["annotations"] for each in entries] == [
        {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag}
        for name, tag in zip(names, tags, strict=True)
    ]
    assert image.digest == bench.build(one, tags=("other",)).digest


def test_without_a_tag_the_image_is_still_there(bench):
    image = bench.build({"linux/amd64": {"greet": b"x"}}, tags=(), outputs=("layout",))
    [entry] = Checked(image.outputs[0]).top["manifests"]
    assert entry["digest"] == image.digest
    assert "annotations" not in entry


def test_equal_layers_are_stored_once(bench):
    same = {"linux/amd64": {"greet": b"same"}, "linux/arm64": {"greet": b"same"}}
    image = bench.build(same, outputs=("layout",))
    first, second = image.platforms
    assert first.layers == second.layers
    assert first.digest != second.digest
    Checked(image.outputs[0])


def test_a_binary_that_changed_is_refused_and_nothing_is_left(bench, monkeypatch):
    unit = bench._unit

    def tampered(platform, name, content):
        made = unit(platform, name, content)
        if platform == "linux/arm64":
            made.output.write_bytes(b"other")
        return made

    monkeypatch.setattr(bench, "_unit", tampered)
    with pytest.raises(AuditError, match=r"linux-arm64.greet changed after it was built"):
        bench.build(FOUR, entrypoint=("greet",))
    assert list(bench.staging.iterdir()) == []


def test_a_large_helper_is_never_held_in_memory(bench, tmp_path):
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(300 << 20)
    tracemalloc.start()
    try:
        image = bench.build({"linux/amd64": {"greet": large}}, outputs=("oci", "layout"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (
        image.platforms[0].files["usr/local/bin/greet"]
        == bench.binaries["greet linux/amd64"].sha256
    )
    assert peak < 8 << 20
