"""Archives of a stranger: each ends in one ImageError line, in bounded time and memory."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
import tracemalloc
import zlib

import pytest

from hatch_multiarch.cli.inspect import as_text
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.inspect import check, inspect_archive, open_image
from hatch_multiarch.oci import tar_store, walk

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DIGEST = "sha256:" + "a" * 64
ENTRY = {"mediaType": MANIFEST, "digest": DIGEST, "size": 3}


def look(path):
    with open_image(path) as archive:
        found = inspect_archive(archive)
        check(archive, found)
        return as_text(found)


def fails(path, message):
    """Look, and return the one line."""
    with pytest.raises(ImageError, match=message) as caught:
        look(path)
    assert "\n" not in caught.value.message
    return caught.value.message


def pack(path, files, *, kind=tarfile.REGTYPE, format=tarfile.PAX_FORMAT):  # noqa: A002
    with tarfile.open(path, "w", format=format) as tar:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = kind, len(data)
            tar.addfile(entry, io.BytesIO(data))
    return path


def layout(folder, index, **blobs):
    """Write a layout whose index.json is *index* and whose blobs lie where they are named."""
    (folder / "blobs/sha256").mkdir(parents=True)
    text = index if isinstance(index, str) else json.dumps(index)
    (folder / "index.json").write_text(text)
    for name, data in blobs.items():
        (folder / "blobs/sha256" / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("", "index.json: not JSON"),
        ("{", "index.json: not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("1" * 10_000, "not JSON|expected an object, found a number"),
        ("[]", "index.json: expected an object, found a list"),
        ({}, "contains no image"),
        ({"manifests": {}}, r"manifests: expected a list, found an object"),
        ({"manifests": [1]}, r"manifests\[0\]: expected an object, found a number"),
        ({"manifests": [{}]}, r"manifests\[0\].size: expected a number of bytes"),
        ({"manifests": [{**ENTRY, "size": -1}]}, "expected a number of bytes"),
        ({"manifests": [{**ENTRY, "size": True}]}, "expected a number of bytes"),
        ({"manifests": [{**ENTRY, "size": 1e999}]}, "expected a number of bytes"),
        ({"manifests": [{**ENTRY, "digest": "../../etc/passwd"}]}, "not a sha256 or sha512"),
        ({"manifests": [{**ENTRY, "digest": "sha256:../../" + "a" * 58}]}, "not a sha256"),
        ({"manifests": [{**ENTRY, "digest": f"{DIGEST}\n"}]}, "not a sha256"),
        ({"manifests": [{**ENTRY, "digest": "md5:"}]}, "not a sha256"),
        ({"manifests": [{**ENTRY, "digest": 5}]}, "digest: expected a string, found a number"),
        ({"manifests": [{**ENTRY, "annotations": []}]}, f"{DIGEST} is missing"),
        ({"manifests": [{**ENTRY, "annotations": {"a": 1}}]}, "annotations.a: expected a string"),
        ({"manifests": [{**ENTRY, "platform": "linux"}]}, "platform: expected an object"),
        ({"manifests": [{**ENTRY, "mediaType": None}]}, f"{DIGEST} is missing"),
    ],
)
def test_nonsense_in_index_json(tmp_path, index, message):
    fails(layout(tmp_path / "image", index), message)


def test_a_document_that_is_too_large_is_not_read(tmp_path):
    folder = layout(tmp_path / "image", {})
    with (folder / "index.json").open("wb") as file:
        file.truncate(1 << 34)
    fails(folder, "17179869184 bytes are too many for an image document")


def made(maker, document):
    """Return a layout with *document* where the manifest of the image should be."""
    folder = maker.image(platforms=["linux/amd64"], lone=True)
    blob = maker.layout.add(MANIFEST, document)
    index = {"schemaVersion": 2, "manifests": [blob.document()]}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "expected an object"),
        ({}, "config: expected an object, found null"),
        ({"config": ENTRY, "layers": 5}, "layers: expected a list"),
        ({"config": ENTRY, "layers": [], "manifests": []}, "both an index and a manifest"),
        ({"config": ENTRY, "mediaType": INDEX}, "its media type is"),
        ({"schemaVersion": 1, "fsLayers": []}, "schema 1"),
    ],
)
def test_nonsense_in_a_manifest(maker, document, message):
    fails(made(maker, document), message)


def test_a_config_that_is_no_object(maker):
    folder = maker.image(platforms=["linux/amd64"], lone=True)
    config = maker.layout.add("application/vnd.oci.image.config.v1+json", [])
    manifest = maker.manifest(maker.layout, config, [])
    index = {"schemaVersion": 2, "manifests": [manifest.document()]}
    (folder / "index.json").write_text(json.dumps(index))
    fails(folder, "config: expected an object, found a list")


@pytest.mark.parametrize("what", ["other bytes", "more bytes", "wrong size"])
def test_a_blob_that_is_not_its_digest(maker, what):
    folder = maker.image()
    if what == "wrong size":
        index = json.loads((folder / "index.json").read_text())
        index["manifests"][0]["size"] += 1
        (folder / "index.json").write_text(json.dumps(index))
        fails(folder, "bytes, but the descriptor says")
        return
    blob = maker.blob(maker.top)
    data = blob.read_bytes()
    blob.write_bytes(data.replace(b"arm64", b"amd64") if what == "other bytes" else data + b" ")
    message = "don't match this digest" if what == "other bytes" else "the descriptor says"
    fails(folder, message)


def test_indexes_inside_each_other_have_an_end(maker):
    folder = maker.image()
    top = maker.top
    for _ in range(walk.DEPTH):
        top = maker.layout.add(INDEX, {"schemaVersion": 2, "manifests": [top.document()]})
    index = {"schemaVersion": 2, "manifests": [top.document()]}
    (folder / "index.json").write_text(json.dumps(index))
    fails(folder, "indexes inside each other")


def test_one_index_may_not_list_another_a_million_times(maker):
    folder = maker.image()
    top = maker.top
    for _ in range(2):
        many = [top.document()] * 1000
        top = maker.layout.add(INDEX, {"schemaVersion": 2, "manifests": many})
    index = {"schemaVersion": 2, "manifests": [top.document()]}
    (folder / "index.json").write_text(json.dumps(index))
    fails(folder, "manifests are no image")


def test_an_archive_cut_off_anywhere_is_an_error(maker, tmp_path):
    whole = maker.archive(attest=("https://spdx.dev/Document",)).read_bytes()
    path = tmp_path / "cut.oci.tar"
    end = len(whole.rstrip(b"\0"))
    for length in (*range(0, end, 700), end - 1, end):
        path.write_bytes(whole[:length])
        fails(path, "^/")


def test_a_gzipped_archive_cut_off_anywhere_is_an_error(maker, tmp_path):
    whole = maker.packed().read_bytes()
    path = tmp_path / "cut.oci.tar.gz"
    for length in range(2, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        fails(path, "^/")


def test_bytes_turned_around_are_told_or_change_nothing_that_is_shown(maker, tmp_path):
    archive = maker.archive(attest=("https://spdx.dev/Document",))
    whole, right = archive.read_bytes(), look(archive)
    path = tmp_path / "turned.oci.tar"
    chance = random.Random(0)  # noqa: S311 - the same bytes each time
    told = 0
    for _ in range(400):
        data = bytearray(whole)
        data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            shown = look(path)
        except ImageError:
            told += 1
        else:
            # index.json is what vouches for the rest; what stands in it cannot be checked.
            assert shown.splitlines()[4:] == right.splitlines()[4:]
    assert told > 50


def test_a_name_that_stands_twice_is_refused(maker):
    path = maker.archive()
    with tarfile.open(path, "a") as tar:
        entry = tarfile.TarInfo("./index.json")
        entry.size = 2
        tar.addfile(entry, io.BytesIO(b"{}"))
    assert "index.json is in the archive twice" in fails(path, "twice")


def test_names_outside_are_just_names(maker, tmp_path):
    path = maker.archive()
    with tarfile.open(path, "a") as tar:
        for name in ("../../evil", "/etc/evil", "blobs/../../evil"):
            tar.addfile(tarfile.TarInfo(name))
    before = sorted(tmp_path.rglob("*"))
    look(path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_circle_and_out_of_the_archive(tmp_path, kind):
    path = tmp_path / "links.tar"
    with tarfile.open(path, "w") as tar:
        for name, target in (("index.json", "b"), ("b", "index.json")):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            tar.addfile(entry)
        entry = tarfile.TarInfo("manifest.json")
        entry.type, entry.linkname = kind, "/etc/passwd"
        tar.addfile(entry)
    fails(path, "neither index.json")


def test_a_device_for_a_blob_is_no_blob(tmp_path):
    folder = layout(tmp_path / "image", {"manifests": [ENTRY]})
    (folder / "blobs/sha256" / ("a" * 64)).symlink_to("/dev/zero")
    fails(folder, "is missing")


def test_a_header_that_would_fill_the_memory(tmp_path):
    """tarfile reads a PAX header whole; here it says it has 3 GB."""
    entry = tarfile.TarInfo("header")
    entry.type, entry.size = tarfile.XHDTYPE, 3 << 30
    path = tmp_path / "header.tar.gz"
    with gzip.open(path, "wb") as out:
        out.write(entry.tobuf(tarfile.USTAR_FORMAT))
        out.write(bytes(100 << 20))
    tracemalloc.start()
    try:
        fails(path, "a header of 3221225472 bytes is too large")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


def test_headers_without_end(tmp_path):
    """Each PAX header makes tarfile go one call deeper."""
    entry = tarfile.TarInfo("header")
    entry.type = tarfile.XHDTYPE
    path = tmp_path / "headers.tar"
    path.write_bytes(entry.tobuf(tarfile.USTAR_FORMAT) * 5000)
    fails(path, "not a readable tar archive|breaks off")


def test_a_size_below_zero_does_not_go_round_for_ever(tmp_path):
    """As in CVE-2025-8194."""
    entry = tarfile.TarInfo("a")
    raw = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    for size in (512, 1024, 1 << 40):
        raw[124:136] = b"\xff" + (2**88 - size).to_bytes(11, "big")
        raw[148:156] = b" " * 8
        raw[148:156] = b"%06o\0 " % sum(raw)
        path = tmp_path / "negative.tar"
        path.write_bytes(bytes(raw) + bytes(4096))
        fails(path, "damaged|not a readable|invalid|breaks off|neither")


def test_too_many_entries(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_store, "ENTRIES", 100)
    path = pack(tmp_path / "many.tar", [(f"file{at}", b"") for at in range(101)])
    fails(path, "more than 100 entries")


def test_a_bomb_behind_gzip_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_store, "UNPACKED", 1 << 24)
    entry = tarfile.TarInfo("bomb")
    entry.size = 1 << 33
    packer = zlib.compressobj(9, wbits=31)
    data = packer.compress(entry.tobuf(tarfile.GNU_FORMAT))
    data += b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(data)
    fails(path, "larger than 16777216 bytes")


DOCKER = [{"Config": "x.json", "RepoTags": ["a:b"], "Layers": ["l.tar"]}]


@pytest.mark.parametrize(
    ("manifest", "config", "message"),
    [
        ({}, b"{}", "expected a list, found an object"),
        ([], b"{}", "contains no image"),
        ([1], b"{}", r"manifest.json\[0\]: expected an object"),
        ([{"Config": "../../../etc/passwd"}], b"{}", "passwd is missing"),
        ([{"Config": 5}], b"{}", "Config: expected a string"),
        (DOCKER, b"{}", "the bytes don't match this digest"),
    ],
)
def test_nonsense_in_manifest_json(tmp_path, manifest, config, message):
    files = [("manifest.json", json.dumps(manifest).encode()), ("x.json", config), ("l.tar", b"")]
    fails(pack(tmp_path / "saved.tar", files), message)


def test_names_that_would_steer_a_terminal_are_tame(maker, capsys):
    from hatch_multiarch.cli import main

    folder = maker.image(platforms=["linux/amd64"])
    index = json.loads((folder / "index.json").read_text())
    name = "evil\x1b[2J\u202e\ud800\r\ndigest"
    index["manifests"][0]["annotations"] = {"io.containerd.image.name": name}
    (folder / "index.json").write_text(json.dumps(index))
    assert main(["inspect", str(folder)]) == 0
    assert r"evil\x1b[2J\u202e\ud800\r\ndigest" in capsys.readouterr().out
    assert main(["inspect", "--json", str(folder)]) == 0
    assert json.loads(capsys.readouterr().out)["images"][0]["names"] == [name]
