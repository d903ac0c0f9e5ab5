"""The proof reads what was finished: any byte changed afterwards is found."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
import zipfile
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.errors import AuditError
from hatch_multiarch.report.proof import prove

if TYPE_CHECKING:
    from pathlib import Path


def proof(finished):
    """Prove it twice: what the first has unpacked must not hide what the second has to find."""
    parts = (list(finished.compiled.binaries.values()), finished.wheels, finished.image)
    try:
        return prove(*parts, finished.cache)
    finally:
        again = pytest.raises(AuditError) if sys.exc_info()[0] else nullcontext()
        with again:
            prove(*parts, finished.cache)


def rewrite_wheel(path: Path, change) -> None:
    """Write the wheel anew with *change* applied to {member: content}."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def rewrite_archive(path: Path, change) -> None:
    """Write the image's archive anew with *change* applied to {path: content}."""
    with tarfile.open(path) as archive:
        files = {each.name: archive.extractfile(each).read() for each in archive if each.isfile()}
    change(files)
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def test_each_binary_is_found_where_it_ships(finished):
    found = {f"{each.helper} {each.platform}": each for each in proof(finished)}
    assert list(found) == list(finished.compiled.binaries)
    greet = found["greet linux/arm64"]
    assert greet.sha256 == hashlib.sha256(b"the program greet linux/arm64").hexdigest()
    assert greet.wheel.member == "_greeter_helpers/greet"
    assert greet.image.path == "usr/local/bin/greet"
    assert greet.image.manifest == finished.image.platforms[1].digest
    assert greet.image.layer == finished.image.platforms[1].layers[0]
    assert found["tone linux/amd64"].image is None


def test_a_wheel_with_other_bytes_is_refused(finished):
    path = finished.wheels[1].path
    rewrite_wheel(path, lambda members: members.update({"_greeter_helpers/greet": b"other"}))
    with pytest.raises(AuditError) as caught:
        proof(finished)
    assert caught.value.message == (
        f"greet linux/arm64: sha256 is {hashlib.sha256(b'other').hexdigest()} in {path.name} "
        "_greeter_helpers/greet, but "
        f"{hashlib.sha256(b'the program greet linux/arm64').hexdigest()} was built"
    )


def test_a_wheel_without_its_helper_is_refused(finished):
    path = finished.wheels[1].path
    rewrite_wheel(path, lambda members: members.pop("_greeter_helpers/greet"))
    with pytest.raises(AuditError, match="_greeter_helpers/greet cannot be read"):
        proof(finished)


def test_a_wheel_cut_short_is_refused(finished):
    path = finished.wheels[0].path
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(AuditError, match="cannot be read"):
        proof(finished)


def swap_layer(files) -> None:
    """Put another program into a layer, every digest in the archive made to fit it."""
    tops = json.loads(files["index.json"])["manifests"]
    index = json.loads(files[name_of(tops[0]["digest"])])
    manifest = json.loads(files[name_of(index["manifests"][0]["digest"])])
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("usr/local/bin/greet")
        entry.size = len(b"other")
        tar.addfile(entry, io.BytesIO(b"other"))
    manifest["layers"][0]["digest"] = add(files, layer.getvalue())
    index["manifests"][0]["digest"] = add(files, json.dumps(manifest).encode())
    digest = add(files, json.dumps(index).encode())
    for top in tops:
        top["digest"] = digest
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": tops}).encode()


def name_of(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def add(files, content: bytes) -> str:
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    files[name_of(digest)] = content
    return digest


def corrupt_layer(files) -> None:
    largest = max(
        (name for name in files if name.startswith("blobs/")), key=lambda n: len(files[n])
    )
    files[largest] = files[largest] + b"\0"


def lose_blob(files) -> None:
    del files[next(name for name in files if name.startswith("blobs/"))]


@pytest.mark.parametrize(
    "change", [swap_layer, corrupt_layer, lose_blob, lambda files: files.pop("index.json")]
)
def test_an_image_that_was_changed_is_refused(finished, change):
    archive = finished.image.outputs[0]
    rewrite_archive(archive, dict.copy)
    assert proof(finished)
    rewrite_archive(archive, change)
    with pytest.raises(AuditError, match=r"greeter-1\.0\.0\.oci\.tar is not the image"):
        proof(finished)


def test_an_archive_cut_short_is_refused(finished):
    archive = finished.image.outputs[0]
    archive.write_bytes(archive.read_bytes()[:5000])
    with pytest.raises(AuditError, match="is not the image"):
        proof(finished)


def test_a_wheel_and_an_image_of_two_builds_are_refused(finished):
    """Both are whole, and each is what its own build made; they are not the same."""
    unit = finished.plan.units[2]
    newer = replace(finished.compiled.binaries[unit.id], sha256=hashlib.sha256(b"new").hexdigest())
    finished.compiled.binaries[unit.id] = newer
    rewrite_wheel(
        finished.wheels[1].path, lambda members: members.update({"_greeter_helpers/greet": b"new"})
    )
    with pytest.raises(AuditError, match="usr/local/bin/greet, but"):
        proof(finished)


def test_every_output_is_read(make_build, tmp_path):
    finished = make_build(tmp_path, outputs=("oci", "layout"))
    assert proof(finished)
    layout = finished.image.outputs[1]
    blob = max((layout / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    blob.write_bytes(blob.read_bytes() + b"\0")
    with pytest.raises(AuditError, match=r"greeter-1\.0\.0\.oci is not the image"):
        proof(finished)


@pytest.mark.parametrize("place", ["signature", "method", "first", "middle", "last", "directory"])
def test_one_flipped_byte_of_a_proven_wheel_is_found(finished, place):
    """What was unpacked once is known by its compressed bytes: other bytes are not known."""
    assert proof(finished)
    path = finished.wheels[1].path
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("_greeter_helpers/greet")
        start = info.header_offset + 30 + len(info.filename)
        places = {
            "signature": info.header_offset,
            "method": info.header_offset + 8,
            "first": start,
            "middle": start + info.compress_size // 2,
            "last": start + info.compress_size - 1,
            "directory": archive.start_dir + 16,  # the CRC
        }
    data = bytearray(path.read_bytes())
    data[places[place]] ^= 1
    path.write_bytes(data)
    with pytest.raises(AuditError, match="greet"):
        proof(finished)


def test_one_flipped_byte_of_a_proven_layer_is_found(make_build, tmp_path):
    finished = make_build(tmp_path, outputs=("layout",))
    assert proof(finished)
    digest = finished.image.platforms[0].layers[0]
    blob = finished.image.outputs[0] / "blobs" / digest.replace(":", "/")
    whole = blob.read_bytes()
    for place in (0, len(whole) // 2, len(whole) - 1):
        data = bytearray(whole)
        data[place] ^= 1
        blob.write_bytes(data)
        with pytest.raises(AuditError, match="is not the image"):
            proof(finished)


def test_a_note_of_the_cache_that_was_changed_does_not_count(finished):
    assert proof(finished)
    notes = list(finished.cache._folder.glob("records/*.json"))
    assert notes
    for each in notes:
        data = each.read_bytes()
        each.write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    assert proof(finished)
