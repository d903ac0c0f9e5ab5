"""What is kept from build to build is the same as what is made anew, or is not used."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import replace

import pytest
from layouts import Layout as Made
from layouts import tar
from support import streams_of
from wheels import make_wheel, sha256

from hatch_multiarch.cache.build_cache import UNUSED, BuildCache
from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base import open_base, read_files
from hatch_multiarch.image.base.filesystem import Filesystem
from hatch_multiarch.image.base.libc import Libc
from hatch_multiarch.image.base.python import BasePython, look
from hatch_multiarch.image.items import Part
from hatch_multiarch.image.layer_writer import LayerWriter
from hatch_multiarch.image.package import Dependencies, Environment, Target, Wheel, wheels_of
from hatch_multiarch.image.package.lock_file import Pin
from hatch_multiarch.oci.layout import Layout
from hatch_multiarch.platforms import lookup

PYTHON = BasePython((3, 11), "/usr/bin/python3.11", Libc("glibc", (2, 36)))
TARGET = Target(lookup("linux/arm64"), PYTHON)


@pytest.fixture
def cache(tmp_path):
    return BuildCache(tmp_path / "cache")


def spoil(folder, pattern):
    """Change a byte in each file of *folder* that *pattern* names."""
    found = list(folder.glob(pattern))
    assert found
    for path in found:
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def test_a_record_is_for_its_inputs_and_whole(cache, tmp_path):
    cache.note({"a": [1]}, "kind", "input", 2)
    assert cache.recall("kind", "input", 2) == {"a": [1]}
    assert cache.recall("kind", "input", 3) is None
    assert cache.recall("other", "input", 2) is None
    spoil(tmp_path / "cache/records", "*.json")
    assert cache.recall("kind", "input", 2) is None


def test_a_record_under_the_name_of_another_is_none(cache, tmp_path):
    cache.note("mine", "kind", 1)
    [mine] = (tmp_path / "cache/records").iterdir()
    cache.note("other", "kind", 2)
    [other] = {*(tmp_path / "cache/records").iterdir()} - {mine}
    shutil.copy(other, mine)
    assert cache.recall("kind", 1) is None
    assert cache.recall("kind", 2) == "other"


def test_a_file_is_given_out_only_when_it_is_whole(cache, tmp_path):
    path = tmp_path / "file"
    path.write_text("content")
    cache.keep(path, sha256(path), "x")
    assert cache.file(sha256(path), "x").read_bytes() == path.read_bytes()
    spoil(tmp_path / "cache/files", "*/x")
    assert cache.file(sha256(path), "x") is None
    assert not list((tmp_path / "cache/files").glob("*/x")), "nor does it stay"
    cache.keep(path, sha256(path), "x")
    assert cache.file(sha256(path), "x").read_bytes() == path.read_bytes()


def test_what_nobody_uses_goes_and_what_is_used_stays(cache, tmp_path):
    digests = {}
    for name in ("used", "unused"):
        (tmp_path / name).write_text(name)
        digests[name] = sha256(tmp_path / name)
        cache.keep(tmp_path / name, digests[name], "x")
        cache.note(name, "kind", name)
    old = time.time() - UNUSED + 60
    for path in (tmp_path / "cache").rglob("*"):
        os.utime(path, (old, old))
    later = BuildCache(tmp_path / "cache")
    for name, digest in digests.items():
        assert later.file(digest, "x").read_text() == name
    assert later.recall("kind", "used") == "used"
    for path in (tmp_path / "cache/files" / digests["unused"]).iterdir():
        os.utime(path, (old - 120, old - 120))
    [record] = [
        each for each in (tmp_path / "cache/records").iterdir() if "unused" in each.read_text()
    ]
    os.utime(record, (old - 120, old - 120))
    later.note("new", "kind", "new")
    assert (later.recall("kind", "used"), later.recall("kind", "unused")) == ("used", None)
    assert later.file(digests["used"], "x")
    assert not (tmp_path / "cache/files" / digests["unused"]).exists()


def test_without_a_place_nothing_is_kept_and_nothing_fails(tmp_path):
    (tmp_path / "file").write_text("x")
    for cache in (BuildCache(None), BuildCache(tmp_path / "file" / "below")):
        cache.note(1, "kind")
        cache.keep(tmp_path / "file", "digest", "file")
        assert cache.recall("kind") is None
        assert cache.file("digest", "file") is None


def test_dependencies_are_unpacked_when_their_files_are_needed(cache, tmp_path):
    path = make_wheel(tmp_path / "house", "plain", needs=["other"])
    wheels = [Wheel(sha256(path), path)]
    environment = Environment("app", PYTHON)
    [first, second, other] = [tmp_path / name for name in ("first", "second", "other")]
    for folder in (first, second, other):
        folder.mkdir()
    [made] = Dependencies(environment, wheels, first, cache).installed
    kept = Dependencies(environment, wheels, second, cache)
    [recalled] = kept.installed
    assert not list(second.iterdir())
    assert [each.same for each in recalled.items] == [each.same for each in made.items]
    assert (recalled.about, recalled.metadata, recalled.pure) == (made.about, made.metadata, True)
    kept.unpack()
    for mine, theirs in zip(recalled.items, made.items, strict=True):
        assert mine.source != theirs.source
        assert mine.source.read_bytes() == theirs.source.read_bytes()
    # Another Python has another folder, and another project another path.
    [elsewhere] = Dependencies(Environment("app2", PYTHON), wheels, other, cache).installed
    assert {each.path.split("/")[1] for each in elsewhere.items} == {"app2"}


def test_wheels_are_fetched_once_and_again_when_damaged(cache, tmp_path, monkeypatch):
    house = tmp_path / "house"
    path = make_wheel(house, "plain")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(house))
    pins = [Pin("plain", "plain==1.0", "1.0", "", (f"sha256:{sha256(path)}",))]
    count = iter(range(9))

    def found():
        folder = tmp_path / f"fetched-{next(count)}"
        return wheels_of(pins, TARGET, cache, root=tmp_path, folder=folder)

    [fetched] = found()
    data = fetched.path.read_bytes()
    moved = house.rename(tmp_path / "gone")
    house.mkdir()
    [kept] = found()
    assert (kept.sha256, kept.path.name) == (fetched.sha256, fetched.path.name)
    assert kept.path.read_bytes() == data
    spoil(tmp_path / "cache/files", "*/*.whl")
    with pytest.raises(ImageError, match=r"plain==1\.0 has no wheel for linux/arm64"):
        found()
    shutil.copytree(moved, house, dirs_exist_ok=True)
    [again] = found()
    assert again.path.read_bytes() == data


def test_wheels_in_the_cache_are_those_that_were_pinned(cache, tmp_path, monkeypatch):
    """Whatever a record says: one that was written by another build, or by hand."""
    house = tmp_path / "house"
    plain, needed = make_wheel(house, "plain"), make_wheel(house, "needed")
    other = make_wheel(tmp_path / "other", "plain", files={"more.py": "evil = 1"})
    newer = make_wheel(tmp_path / "newer", "plain", version="1.1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(house))
    pins = [
        Pin(each.name.partition("-")[0], f"{each.name.partition('-')[0]}==1.0", "1.0", "",
            (f"sha256:{sha256(each)}",))
        for each in (needed, plain)
    ]  # fmt: skip
    right, count = [sha256(needed), sha256(plain)], iter(range(9))
    for each in (plain, needed, other, newer):
        cache.keep(each, sha256(each), each.name)

    def found(*recorded):
        lines = [pin.line for pin in pins]
        told = [(each.name, sha256(each)) for each in recorded]
        cache.note(told, "wheels", lines, TARGET.version, TARGET.tags)
        folder = tmp_path / f"fetched-{next(count)}"
        wheels = wheels_of(pins, TARGET, cache, root=tmp_path, folder=folder)
        return [each.sha256 for each in wheels], folder.exists()

    assert found(needed, plain) == (right, False)
    for recorded in ([needed, other], [needed, newer], [needed], [], [needed, plain, other]):
        assert found(*recorded) == (right, True), recorded
        assert wheels_of(pins, TARGET, cache, root=tmp_path, folder=tmp_path / "no")
        assert not (tmp_path / "no").exists(), "what was fetched is recorded"


def test_a_pin_by_another_kind_of_hash(tmp_path):
    path = make_wheel(tmp_path, "plain")
    digest = hashlib.sha512(path.read_bytes()).hexdigest()
    pin = Pin("plain", "plain==1.0", "1.0", "", (f"sha512:{digest}", f"sha384:{'0' * 96}"))
    assert pin.fits(path, sha256(path))
    assert not replace(pin, hashes=pin.hashes[1:]).fits(path, sha256(path))
    assert not replace(pin, requirement="plain==1.1").fits(path, sha256(path))
    assert not replace(pin, name="other").fits(path, sha256(path))
    assert not pin.fits(path.rename(tmp_path / "no-wheel.whl"), sha256(tmp_path / "no-wheel.whl"))


def test_a_layer_of_before_is_the_same_and_a_damaged_one_is_made_anew(cache, tmp_path):
    path = make_wheel(tmp_path / "house", "plain")
    environment, count = Environment("app", PYTHON), iter(range(9))

    def layer():
        folder = tmp_path / f"work-{next(count)}"
        folder.mkdir()
        layout = Layout(folder / "layout")
        needed = Dependencies(environment, [Wheel(sha256(path), path)], folder, cache)
        part = Part(needed.installed[0].items, lasting=True, unpack=needed.unpack)
        blob, about = LayerWriter(
            layout, folder, streams_of(folder / "streams", ()), cache, epoch=1
        ).add(part, Filesystem())
        stored = (folder / "layout/blobs/sha256" / blob.digest[7:]).read_bytes()
        return (blob, about.diff_id, about.files, stored), (folder / "0").exists()

    new, unpacked = layer()
    assert unpacked
    assert layer() == (new, False)
    spoil(tmp_path / "cache/files", "*/layer")
    assert layer() == (new, True)
    assert layer() == (new, False)


def test_a_base_is_read_once(tmp_path):
    made = Made(tmp_path / "base")
    files = tar(
        ("usr/lib", None, {"mode": 0o2775, "uid": 3, "gid": 4}),
        ("lib", "usr/lib"),
        ("usr/lib/libc.so.6", b"\x7fELF" + bytes(16) + b"GNU C Library x version 2.36\n"),
        ("usr/bin/python3.11", b"no program"),
    )
    made.finish(made.image("linux/amd64", files))
    (tmp_path / "kept").mkdir()
    with open_base("oci:base", tmp_path, {}) as base:
        image = base.resolve(lookup("linux/amd64"))
        tree = read_files(
            base, image, lambda path: 1 << 20 if "." in path else 0, tmp_path / "kept"
        )
        look(tree, ("/usr/bin",), base, image, tmp_path / "kept")
    loaded = Filesystem.load(json.loads(json.dumps(tree.dump())))

    def told(tree):
        return {
            path: (each.kind, each.mode, each.owner, each.target, each.seen)
            for path, each in tree.paths()
        }

    assert told(loaded) == told(tree)
    assert loaded.find("lib/libc.so.6").seen.version == (2, 36)
    assert "is not an executable" in loaded.find("usr/bin/python3.11").seen.problem
