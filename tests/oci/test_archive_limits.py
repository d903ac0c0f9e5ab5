"""What an archive may cost is bounded by what it declares."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import tracemalloc

import pytest
from oci.hostile import Image, entry

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base import LocalBase
from hatch_multiarch.image.inspect import content, inspect_archive, open_image
from hatch_multiarch.oci.docker_archive import DockerArchiveSource
from hatch_multiarch.oci.open import ENTRY, SLACK


def packed(image, path, *, extra=0):
    """Return the layout of *image* as an archive behind gzip, with *extra* bytes nobody names."""
    with gzip.open(path, "wb", 1) as out, tarfile.open(fileobj=out, mode="w") as tar:
        for each in sorted(image.folder.rglob("*")):
            if each.is_file():
                tar.add(each, each.relative_to(image.folder).as_posix())
        if extra:
            tar.addfile(entry("junk", size=extra), io.BytesIO(bytes(extra)))
    return path


@pytest.fixture
def image(tmp_path):
    made = Image(tmp_path / "image")
    made.finish(made.index(made.manifest()))
    return made


def test_an_archive_behind_gzip_is_unpacked_as_far_as_it_declares(image, tmp_path):
    path = packed(image, tmp_path / "image.oci.tar.gz")
    with open_image(path, parts=True) as source:
        [found] = inspect_archive(source).images
        whole = content(source, found)
        assert all(whole.read(each.digest, 0, 1 << 20) for each in whole.blobs)
    path = packed(image, tmp_path / "junk.oci.tar.gz", extra=SLACK + 20 * ENTRY)
    with open_image(path) as source:  # without a need for parts, nothing is unpacked
        inspect_archive(source)
    with (
        pytest.raises(ImageError, match="that its manifests declare"),
        open_image(path, parts=True),
    ):
        pass


def test_a_large_index_of_a_base_is_refused_before_it_is_read(image):
    with (image.folder / "index.json").open("r+b") as file:
        file.truncate(1 << 30)
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match="1073741824 bytes are too many for an image document"):
            LocalBase(image.folder, "oci:image")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_an_older_archive_of_docker_is_read_by_its_manifest_json(tmp_path):
    """As `docker save` wrote it before its archives were layouts: layers as plain tar files."""
    layer = plain_layer()
    diff_id = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {"os": "linux", "architecture": "arm64", "rootfs": {"diff_ids": [f"sha256:{diff_id}"]}}
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    saved = [{"Config": name, "RepoTags": ["greeter:1"], "Layers": ["a/layer.tar"]}]
    path = tmp_path / "saved.tar"
    with tarfile.open(path, "w") as tar:
        for file, data in (
            (name, config),
            ("a/layer.tar", layer),
            ("manifest.json", json.dumps(saved).encode()),
        ):
            tar.addfile(entry(file, size=len(data)), io.BytesIO(data))
    with open_image(path) as source:
        assert isinstance(source, DockerArchiveSource)
        [found] = inspect_archive(source).images
        [platform] = found.manifests
        assert (found.names, platform.platform) == (("greeter:1",), "linux/arm64")
        assert source.open(platform.layers[0]).read() == layer
        with pytest.raises(ImageError, match="it contains no manifests"):
            content(source, found)


def plain_layer():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(entry("bin/hello", size=3), io.BytesIO(b"abc"))
    return out.getvalue()
