"""A base is read as containerd applies it, and believed only as far as it is checked."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile

import pytest
from layouts import OCI, Layout, tar

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base import Filesystem, find_base, open_base, read_files
from hatch_multiarch.image.base.python import search_path, wanted
from hatch_multiarch.platforms import lookup

WANTED = wanted(search_path("/opt/conda/bin:/usr/bin"))
AMD64 = lookup("linux/amd64")


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "base")


def read(folder, platform=AMD64, keep=lambda _: 1 << 20):
    kept = folder.parent / "kept"
    kept.mkdir()
    with open_base("oci:base", folder.parent, {}) as base:
        image = base.resolve(platform)
        return read_files(base, image, keep, kept)


def layers(layout, *tars, **more):
    return layout.finish(layout.image("linux/amd64", *tars, **more))


def paths(tree):
    return {path: node.kind for path, node in tree.paths()}


def line(caught):
    assert "\n" not in caught.value.message
    return caught.value.message


def test_whiteouts_take_away_what_is_below_them_only(layout):
    below = tar(
        ("./a/", None),
        ("a/old", b"1"),
        ("a/deep/x", b"1"),
        ("b/old", b"1"),
        ("c", b"1"),
        ("d/e", b"1"),
    )
    # In the same layer a file may stand before the whiteout that hides what was below it.
    above = tar(
        ("a/new", b"2"), ("a/.wh..wh..opq", b""), ("b/.wh.old", b""), ("c/in", b"2"), ("d", "a")
    )
    assert paths(read(layers(layout, below, above))) == {
        "a": "folder",
        "a/new": "file",
        "b": "folder",
        "c": "folder",
        "c/in": "file",
        "d": "link",
    }


def test_names_are_followed_inside_the_image(layout):
    below = tar(
        ("usr/lib/x.so", b"x"), ("lib", "usr/lib"), ("abs", "/usr"), ("up", "../../usr/lib")
    )
    above = tar(("lib/y.so", b"yy"), ("hard", ("hard", "usr/lib/x.so")), ("loop", "loop"))
    tree = read(layers(layout, below, above))
    assert paths(tree)["usr/lib/y.so"] == "file", "a link of the base stays one"
    assert tree.real("/abs/lib/../lib/x.so") == tree.real("up/x.so") == "usr/lib/x.so"
    assert tree.find("hard").kept.read_bytes() == b"x"
    assert tree.find("loop") is None
    assert tree.place("lib/new/z") == "usr/lib/new/z"


@pytest.mark.parametrize(
    ("kind", "compress"),
    [("oci", "gzip"), ("oci", "zstd"), ("oci", "none"), ("docker", "gzip"), ("docker", "none")],
)
def test_layers_of_every_kind(layout, kind, compress):
    folder = layers(layout, tar(("x", b"x" * 70_000)), kind=kind, compress=compress)
    with open_base("oci:base", folder.parent, {}) as base:
        [layer] = base.resolve(AMD64).layers
    assert layer.media_type.startswith(f"{OCI}.layer.v1.tar"), "the bytes have one name"
    assert read(folder).find("x").kept.stat().st_size == 70_000


@pytest.mark.parametrize(
    ("platforms", "wanted", "found"),
    [
        (("linux/386", "linux/x86_64"), "linux/amd64", 1),
        (("linux/amd64/v3", "linux/amd64/v1"), "linux/amd64", 1),
        (("linux/arm/v5", "linux/arm/v6"), "linux/arm/v7", 1),
        (("linux/arm/v8", "linux/arm"), "linux/arm/v7", 1),
        (("linux/aarch64/v8", "linux/arm64"), "linux/arm64", 0),
    ],
)
def test_the_manifest_is_chosen_by_containerds_rules(layout, platforms, wanted, found):
    made = [layout.image(each, tar((each, b""))) for each in platforms]
    folder = layout.finish(*made)
    with open_base("oci:base", folder.parent, {}) as base:
        assert base.resolve(lookup(wanted)).digest == made[found]["digest"]


def test_all_platforms_that_it_lacks_are_named_at_once(layout):
    entries = [layout.image(each, tar()) for each in ("linux/amd64", "linux/arm/v5")]
    for entry in entries:  # only index and manifests count
        for blob in json.loads((layout.blobs / entry["digest"][7:]).read_text())["layers"]:
            (layout.blobs / blob["digest"][7:]).unlink(missing_ok=True)
    folder = layout.finish(*entries)

    def found(*names):
        return find_base("oci:base", folder.parent, {}, [lookup(each) for each in names])

    assert found("linux/arm/v7", "linux/amd64").startswith("sha256:")
    with pytest.raises(ImageError) as caught:
        found("linux/riscv64", "linux/amd64", "linux/arm64")
    assert line(caught) == (
        "tool.multiarch.image.base: oci:base has no linux/riscv64, linux/arm64; it has "
        "linux/amd64, linux/arm/v5"
    )
    assert find_base("scratch", folder, {}, [AMD64]) == ""


@pytest.mark.parametrize("only", ["linux/386", "linux/amd64/v2", "windows/amd64"])
def test_another_platform_is_never_taken(layout, only):
    folder = layout.finish(layout.image(only, tar()), layout.image("linux/arm64", tar()))
    with (
        open_base("oci:base", folder.parent, {}) as base,
        pytest.raises(
            ImageError, match=rf"(?m)has no linux/amd64; it has {only}, linux/arm64$"
        ) as e,
    ):
        base.resolve(AMD64)
    assert line(e)


def test_one_manifest_without_an_index_tells_its_platform_in_its_config(layout):
    entry = layout.image("linux/amd64", tar(("x", b"")))
    del entry["platform"]
    assert paths(read(layout.finish(entry, index=False))) == {"x": "file"}


def test_attestations_and_indexes_in_indexes(layout):
    about = layout.image("unknown/unknown", tar())
    about["annotations"] = {"vnd.docker.reference.type": "attestation-manifest"}
    image = layout.image("linux/amd64", tar(("x", b"")))
    inner = {"schemaVersion": 2, "manifests": [about, image]}
    folder = layout.finish(layout.json(inner, f"{OCI}.index.v1+json"))
    assert paths(read(folder)) == {"x": "file"}


def test_several_images_are_not_one_base(layout):
    named = [
        {**layout.image("linux/amd64", tar((name, b""))), "annotations": {f"{REF}": name}}
        for name in ("a", "b")
    ]
    layout.finish(*named, index=False)
    with pytest.raises(ImageError, match=r"(?m)contains several images \(a, b\)$") as caught:
        read(layout.folder)
    assert line(caught)


REF = "org.opencontainers.image.ref.name"


def test_what_is_no_layout(tmp_path):
    (tmp_path / "base").mkdir()
    with pytest.raises(ImageError, match=r"oci:base is not an OCI layout: index.json is missing"):
        read(tmp_path / "base")
    (tmp_path / "other").write_bytes(b"x" * 5000)
    with (
        pytest.raises(ImageError, match="not a readable tar archive"),
        open_base("oci:other", tmp_path, {}),
    ):
        pass


LARGE = {"pax_headers": {"comment": "x" * 100_000}}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("../etc/passwd", b"")], "'../etc/passwd' leads out of the image"),
        ([("a/../../b", b"")], "'a/../../b' leads out of the image"),
        ([(".wh...", b""), ("x", ("hard", "../../etc/passwd"))], "leads out of the image"),
        (
            [("x", ("hard", "etc/shadow"))],
            "is a link to 'etc/shadow', which is not in the image",
        ),
        ([("/".join("a" * 300), b"")], "more than 256 nested folders"),
        ([("x", b"", LARGE)], "a header of 100"),
        ([("x", "a/" * 2500)], "'x' is a link to a path of 5000 characters; Linux has 4095"),
    ],
)
def test_hostile_layers(layout, entries, message):
    with pytest.raises(ImageError) as caught:
        read(layers(layout, tar(*entries)))
    assert message in line(caught)


def test_a_link_that_leads_out_leads_nowhere(layout, tmp_path):
    (tmp_path / "secret").write_text("outside")
    tree = read(layers(layout, tar(("usr", f"../../../..{tmp_path}"), ("usr/secret", b"inside"))))
    assert tree.find("usr/secret").kept.read_bytes() == b"inside"
    assert (tmp_path / "secret").read_text() == "outside"


DEEP = "/".join("d" * 250)


@pytest.mark.parametrize(
    "again",
    [
        [("l1/e/e/e/e/e/e/e", b"")],
        [("l1/e/e/e", None), ("l2", "l1/e/e/e"), ("l2/e/e/e/e", None)],
        [("l2", "/l1/../d/."), ("l2/e/e/e/e/e/e/e", None)],
    ],
)
def test_links_lead_no_deeper_than_folders_may_be(layout, again):
    """Each name is short enough, and leads deeper; what goes through the folders is safe."""
    folder = layers(layout, tar((DEEP, None), ("l1", DEEP), *again))
    with pytest.raises(ImageError, match=r"more than 256 nested folders$") as caught:
        read(folder)
    assert line(caught)


def test_the_deepest_folders_of_many_layers(layout):
    """They are kept for the next build, and removed, below a stack that is nearly full."""
    deepest = "/".join("d" * 256)
    above = tar(("e", b""))
    tree = read(layers(layout, tar((deepest, None), ("l", deepest)), above))

    def nearly(depth):
        if depth:
            return nearly(depth - 1)
        loaded = Filesystem.load(json.loads(json.dumps(tree.dump())))
        tree.remove(["d"], 1)
        return loaded

    loaded = nearly(sys.getrecursionlimit() - 200)
    assert loaded.real("l") == deepest
    assert loaded.count == tree.count == 3
    assert paths(tree) == {"l": "link", "e": "file"}


def test_a_way_of_too_many_names_leads_nowhere(layout):
    entries = [(f"l{number}", "./x/../" * 500 + f"l{number + 1}") for number in range(30)]
    tree = read(layers(layout, tar(("x", None), *entries, ("l30", "x"), ("short", "l30"))))
    assert tree.real("short") == tree.real("l29") == "x"
    assert tree.real("l28") is None, "2003 names, where 1024 are many"
    assert tree.real("l0") is None


ZEROS = bytes(3 << 20)


def zeros(layout, *names):
    """Add an image whose one layer has files of 3 MB of zeros; gzip makes 3 kB of each."""
    digest, blob, packed = hashlib.sha256(), bytearray(), gzip.compress(ZEROS)
    for name in names:
        entry = tarfile.TarInfo(name)
        entry.size = len(ZEROS)
        header = entry.tobuf()
        blob += gzip.compress(header) + packed
        for each in (header, ZEROS):
            digest.update(each)
    digest.update(bytes(1024))
    blob += gzip.compress(bytes(1024))
    entry = layout.image("linux/amd64", b"", rootfs={"diff_ids": [f"sha256:{digest.hexdigest()}"]})
    manifest = json.loads((layout.blobs / entry["digest"][7:]).read_text())
    manifest["layers"] = [layout.add(bytes(blob), f"{OCI}.layer.v1.tar+gzip")]
    return layout.json(manifest, entry["mediaType"], platform=entry["platform"])


def test_only_where_loaders_look_is_a_c_library_kept(layout, tmp_path):
    elsewhere = [f"opt/{number}/lib/libc.so.6" for number in range(40)]
    counts = ["lib64/libc.so.6", "usr/lib/aarch64-linux-gnu/libc-2.31.so", "usr/bin/python3.13"]
    folder = layout.finish(zeros(layout, *elsewhere, *counts, "usr/share/python3.13"))
    tree = read(folder, keep=WANTED)
    assert {path for path, node in tree.paths() if node.kept} == set(counts)
    assert sum(each.stat().st_size for each in (tmp_path / "kept").iterdir()) == 3 * len(ZEROS)


def test_a_base_does_not_fill_the_disk(layout, tmp_path):
    names = [f"usr/lib/m{number}-linux-gnu/libc.so.6" for number in range(100)]
    folder = layout.finish(zeros(layout, *names))
    assert sum(each.stat().st_size for each in layout.blobs.iterdir()) < 1 << 20
    with pytest.raises(ImageError, match=r"more than 256 MB to look into are no base$") as caught:
        read(folder, keep=WANTED)
    assert line(caught).startswith("oci:base: sha256:")
    assert sum(each.stat().st_size for each in (tmp_path / "kept").iterdir()) <= 256 << 20


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("lib/libc.so.6", 16 << 20),
        ("lib/ld-musl-x86_64.so.1", 16 << 20),
        ("lib/arm-linux-gnueabihf/libc-2.31.so", 16 << 20),
        ("usr/lib64/libc.so.6", 16 << 20),
        ("usr/local/lib/libc.so.6", 16 << 20),
        ("usr/local/bin/python3.13", 64 << 20),
        ("usr/bin/python3.9", 64 << 20),
        ("opt/conda/bin/python3.9", 64 << 20),
        ("opt/bin/python3.9", 0),
        ("usr/bin/python3", 0),
        ("usr/lib/python3.13", 0),
        ("usr/lib/x/libc.so.6", 0),
        ("srv/lib/libc.so.6", 0),
        ("libc.so.6", 0),
    ],
)
def test_what_is_looked_into(path, size):
    assert WANTED(path) == size


def test_too_large_a_file_and_an_empty_one(layout):
    tree = read(
        layers(layout, tar(("x", b"four"), ("y", b"five!"), ("z", b""))),
        keep=lambda path: 4 * (path < "z"),
    )
    assert {path for path, node in tree.paths() if node.kept} == {"x"}


def spoil(folder, size, change):
    """Change the one blob of *size* bytes or more."""
    [blob] = [each for each in (folder / "blobs/sha256").iterdir() if each.stat().st_size >= size]
    blob.write_bytes(change(blob.read_bytes()))


NOISE = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-1] + b"x", "the bytes don't match this digest"),
        (lambda data: data + b"x", "larger than the 10752 bytes declared|larger than the 20480"),
        (lambda data: data[:5000], "5000 bytes, but the manifest says|unexpected end of data"),
    ],
)
def test_other_bytes_than_the_digest_says(layout, change, message):
    folder = layers(layout, tar(("x", NOISE)), compress="none")
    spoil(folder, 10_000, change)
    with pytest.raises(ImageError, match=message) as caught:
        read(folder)
    assert line(caught)


def test_a_layer_that_unpacks_to_something_else(layout):
    entry = layout.image(
        "linux/amd64", tar(("x", NOISE)), rootfs={"diff_ids": ["sha256:" + "0" * 64]}
    )
    with pytest.raises(ImageError, match=r"unpacked it is sha256:\w+, the config says sha256:0+$"):
        read(layout.finish(entry))


def test_a_config_for_another_machine(layout):
    told = {"os": "linux", "architecture": "amd64"}
    folder = layout.finish(layout.image("linux/arm64", tar(), told=told))
    with pytest.raises(ImageError, match="config is for linux/arm64, the index says linux/amd64"):
        read(folder)


def test_a_blob_that_was_not_copied(layout):
    folder = layers(layout, tar(("x", NOISE)), compress="none")
    [blob] = [each for each in layout.blobs.iterdir() if each.stat().st_size > 10_000]
    blob.unlink()
    with pytest.raises(ImageError, match=r"(?m)oci:base: sha256:\w+ is missing$"):
        read(folder)


def test_an_archive_is_as_good_as_a_folder(layout):
    folder = layers(layout, tar(("x", b"")))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(folder, ".")
    (folder.parent / "kept").mkdir()
    (folder.parent / "a.tar").write_bytes(out.getvalue())
    with open_base("oci:a.tar", folder.parent, {}) as base:
        tree = read_files(base, base.resolve(AMD64), lambda _: 0, folder.parent / "kept")
    assert paths(tree) == {"x": "file"}
