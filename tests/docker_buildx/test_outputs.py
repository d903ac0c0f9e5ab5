"""The words of --output, and files that are whole or not there."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.docker.buildx_outputs import joined, output, whole
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.docker.solve import Request, Solved, solve

if TYPE_CHECKING:
    from engine_fixture import Engine

OUT = Path("/out")


def fields(value: str) -> list[str]:
    [found] = csv.reader(io.StringIO(value, newline=""), strict=True)
    return found


@pytest.mark.parametrize(
    ("kind", "dest", "expected"),
    [
        ("local", OUT, "type=local,dest=/out"),
        ("tar", OUT, "type=tar,dest=/out"),
        ("oci", OUT, "type=oci,dest=/out,oci-mediatypes=true"),
        ("docker", None, "type=docker,oci-mediatypes=true"),
        ("image", None, "type=image,oci-mediatypes=true"),
        ("registry", None, "type=registry,oci-mediatypes=true"),
    ],
)
def test_kinds(kind: str, dest: Path | None, expected: str):
    value = output(kind, dest=dest, names=(), compression="gzip")
    image = kind not in {"local", "tar"}
    assert value == expected + (",compression=gzip" if image else "")


@pytest.mark.parametrize("compression", ["zstd", "uncompressed"])
def test_other_compressions_are_forced_on_the_layers_of_the_base(compression: str):
    found = fields(output("oci", dest=OUT, names=(), compression=compression))
    assert found[-2:] == [f"compression={compression}", "force-compression=true"]


def test_several_names_are_one_field():
    value = output("image", dest=None, names=("x.example.com/a:1", "a:2"), compression="gzip")
    assert value.endswith(',"name=x.example.com/a:1,a:2"')
    assert fields(value)[-1] == "name=x.example.com/a:1,a:2"


@pytest.mark.parametrize("name", ['a,type=b"c', "-", '"', "a\nb", "$(x) `y` \\", "=", "../a"])
def test_any_folder_is_one_field(name: str):
    found = fields(output("local", dest=OUT / name, names=(), compression="gzip"))
    assert found == ["type=local", f"dest=/out/{name}"]
    assert fields(joined(found)) == found


def test_files_come_when_all_went_well(tmp_path: Path):
    file, folder, new = tmp_path / 'a,"b', tmp_path / "folder", tmp_path / "deep" / "new"
    file.write_text("old")
    folder.mkdir()
    (folder / "stale").touch()
    values = [
        output("oci", dest=file, names=(), compression="gzip"),
        output("local", dest=folder, names=(), compression="gzip"),
        output("local", dest=new, names=(), compression="gzip"),
        output("image", dest=None, names=("a", "b"), compression="gzip"),
    ]
    with whole(values) as other:
        assert other[3] == values[3]
        places = [Path(fields(value)[1].removeprefix("dest=")) for value in other[:3]]
        places[0].write_text("new")
        for place in places[1:]:
            place.mkdir()
            (place / "fresh").touch()
        assert file.read_text() == "old"
        assert not new.exists()
    assert file.read_text() == "new"
    assert [each.name for each in folder.iterdir()] == ["fresh"]
    assert [each.name for each in new.iterdir()] == ["fresh"]
    assert sorted(tmp_path.iterdir()) == sorted([file, folder, tmp_path / "deep"])


def test_nothing_comes_when_it_failed(tmp_path: Path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "old").touch()
    values = [
        output("local", dest=kept, names=(), compression="gzip"),
        output("tar", dest=tmp_path / "new.tar", names=(), compression="gzip"),
    ]
    with pytest.raises(ZeroDivisionError), whole(values) as other:  # noqa: PT012 - what is tested
        for value in other:
            place = Path(fields(value)[1].removeprefix("dest="))
            place.write_text("half")
        raise ZeroDivisionError
    assert [each.name for each in tmp_path.rglob("*")] == ["kept", "old"]


EPOCH = 1_000_000_000
TWO = ("linux/amd64", "linux/arm64")


def build(engine: Engine, root: Path, *outputs: str, platforms: tuple[str, ...] = TWO) -> Solved:
    (root / "Dockerfile").write_text("FROM scratch\nARG TARGETARCH\nCOPY file /deep/$TARGETARCH\n")
    (root / "file").write_text(os.urandom(8).hex())
    request = Request(root, root / "Dockerfile", platforms=platforms, outputs=outputs, epoch=EPOCH)
    return solve(find_buildx(engine.env), request)


def layers(folder: Path, digest: str) -> list[tuple[str, bytes]]:
    """Return media type and bytes of each layer below *digest* in an OCI layout."""
    blob = (folder / "blobs" / digest.replace(":", "/")).read_bytes()
    record = json.loads(blob)
    found = []
    for each in record.get("manifests", ()):
        found += layers(folder, each["digest"])
    for each in record.get("layers", ()):
        place = folder / "blobs" / each["digest"].replace(":", "/")
        found.append((each["mediaType"], place.read_bytes()))
    return found


def unpacked(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(folder)  # noqa: S202 - BuildKit's, just made
    return folder


@pytest.mark.containerd_store
def test_images_in_files(engine: Engine, tmp_path: Path):
    dest = tmp_path / "it,is"
    names = ("example.com/a:1", "example.com/a:2")
    value = output("oci", dest=dest, names=names, compression="gzip")
    solved = build(engine, tmp_path, value)
    folder = unpacked(dest, tmp_path / "unpacked")
    index = json.loads((folder / "index.json").read_text())
    assert {each["digest"] for each in index["manifests"]} == {solved.digest}
    found = layers(folder, solved.digest)
    assert len(found) == 2
    for media, data in found:
        assert media == "application/vnd.oci.image.layer.v1.tar+gzip"
        assert gzip.decompress(data)


@pytest.mark.containerd_store
@pytest.mark.parametrize(
    ("compression", "media"), [("zstd", "tar+zstd"), ("uncompressed", "tar"), ("gzip", "tar+gzip")]
)
def test_compressions_of_layers(engine: Engine, tmp_path: Path, compression: str, media: str):
    """Also of those that the cache holds in another one."""
    out = tmp_path / "out"
    for each in ("gzip", compression):
        value = output("oci", dest=out, names=(), compression=each)
        solved = build(engine, tmp_path, value)
    found = layers(unpacked(out, tmp_path / "unpacked"), solved.digest)
    kinds = {kind for kind, _ in found}
    assert kinds == {f"application/vnd.oci.image.layer.v1.{media}"}


@pytest.mark.containerd_store
def test_files_of_one_platform_and_of_several(engine: Engine, tmp_path: Path):
    local, tar = tmp_path / "local", tmp_path / "files.tar"
    values = (
        output("local", dest=local, names=(), compression="gzip"),
        output("tar", dest=tar, names=(), compression="gzip"),
    )
    build(engine, tmp_path, *values)
    found = unpacked(tar, tmp_path / "tar")
    for folder in (local, found):
        files = [
            each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()
        ]
        assert sorted(files) == ["linux_amd64/deep/amd64", "linux_arm64/deep/arm64"]
    build(engine, tmp_path, values[0], platforms=TWO[1:])
    files = [each.relative_to(local).as_posix() for each in local.rglob("*") if each.is_file()]
    assert files == ["deep/arm64"], "what was there before is gone"


def test_an_image_without_files_of_its_own(engine: Engine, tmp_path: Path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    value = output("local", dest=tmp_path / "out", names=(), compression="gzip")
    request = Request(tmp_path, tmp_path / "Dockerfile", outputs=(value,))
    solve(find_buildx(engine.env), request)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.containerd_store
@pytest.mark.parametrize("kind", ["docker", "image"])
@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_images_in_docker(
    engine: Engine, repository: str, tmp_path: Path, kind: str, compression: str
):
    names = (f"{repository}:1", f"{repository}:2")
    value = output(kind, dest=None, names=names, compression=compression)
    solved = build(engine, tmp_path, value)
    for name in names:
        done = subprocess.run(
            ["docker", "image", "inspect", name], env=engine.env, capture_output=True, check=True
        )
        [found] = json.loads(done.stdout)
        assert found["Id"] == solved.digest
