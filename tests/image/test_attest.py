"""SBOM and provenance in the image, as BuildKit binds them; no docker, no compiler."""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile

import pytest
from sbom_schemas import checked_spdx

from hatch_multiarch.audit.binary_info import GoBuild

SUM = f"h1:{base64.b64encode(hashlib.sha256(b'dep').digest()).decode()}"
INFO = GoBuild(
    "go1.27.3",
    "example.com/greet",
    {"CGO_ENABLED": "0"},
    (("example.com/dep", "v1.2.3", SUM),),
    ("example.com/greet", "(devel)", ""),
)
HELPERS = {
    "linux/arm64": {"greet": b"arm64"},
    "linux/amd64": {"greet": b"amd64"},
    "linux/arm/v7": {"greet": b"arm"},
}
FACTS = {f"greet {platform}": {"go": INFO} for platform in HELPERS}
SPDX = "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v1"


class Opened:
    """An archive, its blobs checked against their digests."""

    def __init__(self, path):
        self.blobs = {}
        with tarfile.open(path) as tar:
            for entry in tar:
                if entry.isfile():
                    self.blobs[entry.name] = tar.extractfile(entry).read()

    def document(self, descriptor):
        algorithm, _, digits = descriptor["digest"].partition(":")
        data = self.blobs[f"blobs/{algorithm}/{digits}"]
        assert hashlib.sha256(data).hexdigest() == digits
        assert len(data) == descriptor["size"]
        return json.loads(data)

    @property
    def index(self):
        return self.document(json.loads(self.blobs["index.json"])["manifests"][0])["manifests"]

    def statements(self, entry):
        manifest = self.document(entry)
        assert self.document(manifest["config"])["architecture"] == "unknown"
        found = {}
        for layer in manifest["layers"]:
            assert layer["mediaType"] == "application/vnd.in-toto+json"
            statement = self.document(layer)
            assert statement["_type"] == "https://in-toto.io/Statement/v0.1"
            assert layer["annotations"] == {"in-toto.io/predicate-type": statement["predicateType"]}
            found[statement["predicateType"]] = statement
        return found


def attested(bench, **image):
    built = bench.build(HELPERS, dynamic=FACTS, tags=("1.0.0", "latest"), **image)
    return built, Opened(built.outputs[0])


def test_each_platform_has_a_manifest_of_statements_behind_the_images(bench):
    built, opened = attested(bench, sbom="on", provenance="min")
    images, statements = opened.index[:3], opened.index[3:]
    assert [each["digest"] for each in images] == [each.digest for each in built.platforms]
    assert len(statements) == 3
    for image, entry in zip(images, statements, strict=True):
        assert entry["platform"] == {"architecture": "unknown", "os": "unknown"}
        assert entry["annotations"] == {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image["digest"],
        }
        found = opened.statements(entry)
        assert list(found) == [SPDX, SLSA]
        for statement in found.values():
            assert len(statement["subject"]) == 2
            for subject in statement["subject"]:
                assert subject["digest"] == {"sha256": image["digest"].removeprefix("sha256:")}


def test_the_sbom_names_helper_and_modules(bench):
    built, opened = attested(bench, sbom="on")
    for platform, entry in zip(built.platforms, opened.index[3:], strict=True):
        [statement] = opened.statements(entry).values()
        document = checked_spdx(statement["predicate"])
        packages = {each["name"]: each for each in document["packages"]}
        [checksum] = packages["greet"]["checksums"]
        assert checksum["checksumValue"] == platform.files["usr/local/bin/greet"]
        [purl] = packages["example.com/dep"]["externalRefs"]
        assert purl["referenceLocator"] == "pkg:golang/example.com/dep@v1.2.3"
        assert document["creationInfo"]["created"] == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_provenance_names_what_it_was_made_of(bench, mode):
    _, opened = attested(bench, provenance=mode)
    [statement] = opened.statements(opened.index[3]).values()
    definition = statement["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["platform"] == "linux/arm64"
    helpers = definition["externalParameters"]["helpers"]
    shown = {"source": "helpers/greet", "package": ".", "kind": "program", "tags": [], "cgo": False}
    assert helpers == (["greet"] if mode == "min" else {"greet": shown})
    go, dep = definition["resolvedDependencies"]
    assert go["uri"] == "pkg:generic/go@1.27.3"
    assert dep["uri"] == "pkg:golang/example.com/dep@v1.2.3"
    assert dep["digest"] == {"dirHash": hashlib.sha256(b"dep").hexdigest()}
    assert statement["predicate"]["runDetails"]["builder"]["id"]


def test_a_command_of_the_users_is_not_told(bench, monkeypatch):
    """It may name paths of the machine, and what is nobody's business."""
    from dataclasses import replace

    made = bench._unit

    def unit(*words):
        plain = made(*words)
        own = replace(plain, compiler="/home/somebody/bin/my-clang --token=hunter2")
        compiler = "/home/somebody/bin/my-clang (clang 19.1)"
        bench.binaries[own.id] = replace(bench.binaries[own.id], unit=own, compiler=compiler)
        return own

    monkeypatch.setattr(bench, "_unit", unit)
    _, opened = attested(bench, sbom="on", provenance="max")
    whole = b"".join(data for name, data in opened.blobs.items() if b"in-toto" in data)
    assert b"pkg:generic/my-clang" in whole
    for secret in (b"somebody", b"hunter2", str(bench.root).encode()):
        assert secret not in whole


def test_attestations_change_no_image_and_two_builds_are_the_same(bench):
    plain, _ = attested(bench)
    one, _ = attested(bench, sbom="on", provenance="max")
    two, _ = attested(bench, sbom="on", provenance="max")
    assert [each.digest for each in plain.platforms] == [each.digest for each in one.platforms]
    assert plain.digest != one.digest
    assert one.outputs[0].read_bytes() == two.outputs[0].read_bytes()


def test_without_being_asked_for_none_is_attached(bench):
    _, opened = attested(bench)
    assert len(opened.index) == len(HELPERS)
    assert not any(b"in-toto" in data for data in opened.blobs.values())
