"""Images in a real registry, pulled back by skopeo, which checks every blob."""

from __future__ import annotations

import http.client
import json
import shutil
from pathlib import Path

import pytest
from registry.pushes import FAST, PLATFORMS

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.inspect import inspect_archive, open_image
from hatch_multiarch.oci.layout import Layout
from hatch_multiarch.oci.media_types import CONFIG, INDEX, MANIFEST


def archived(made, *, packed=False):
    """Return the archive of a layout folder, behind gzip if *packed*."""
    kind = "gztar" if packed else "tar"
    return Path(shutil.make_archive(f"{made.path}.oci", kind, made.path))


@pytest.mark.parametrize("form", ["layout", "archive", "packed"])
def test_what_is_pushed_is_pulled(site, name, form):
    made = site.image(600_000, 1000)
    path = made.path if form == "layout" else archived(made, packed=form == "packed")
    pushed = site.push(path, f"{site.host}/{name}", tags=["1.0.0", "latest"])
    assert pushed.digest == made.digest
    assert {each.state for each in pushed.blobs} == {"uploaded"}
    assert [(each.tag, each.before) for each in pushed.tags] == [("1.0.0", ""), ("latest", "")]
    assert site.pulled(f"{name}:1.0.0") == site.pulled(f"{name}:latest") == made.digest


def test_blobs_come_first_then_manifests_then_the_index_and_tags_last(site, proxy, name):
    made = site.image(600_000, 1000)
    site.push(made.path, f"{proxy.host}/{name}", tags=["a", "b"])
    puts = [each.path.partition("?")[0].rpartition("/")[2] for each in proxy.of("PUT", "manifests")]
    with open_image(made.path) as archive:
        [image] = inspect_archive(archive).images
    assert puts == [*(each.digest for each in image.manifests), made.digest, "a", "b"]
    order = [("manifests" in each.path) for each in proxy.asked if each.method in ("PUT", "PATCH")]
    assert order == sorted(order)
    spans = {}
    for each in proxy.of("PATCH"):
        spans.setdefault(each.path.partition("?")[0], []).append(each.headers["content-range"])
    whole = ["0-262143", "262144-524287", "524288-599999"]
    assert list(spans.values()) == [whole] * len(PLATFORMS)


def test_what_is_there_is_not_sent_again(site, proxy, name):
    made = site.image(600_000, 1000)
    site.push(made.path, f"{site.host}/{name}:1")
    again = site.push(made.path, f"{proxy.host}/{name}", tags=["1", "2"])
    assert {each.state for each in again.blobs} == {"there"}
    assert [each.before for each in again.tags] == [made.digest, ""]
    assert proxy.of("POST") == proxy.of("PATCH") == proxy.of("PUT", "blobs") == []
    assert proxy.of("PUT", "manifests/1$") == []  # some registries let no tag move
    assert site.pulled(f"{name}:2") == made.digest


def test_a_dry_run_asks_and_changes_nothing(site, proxy, name):
    made = site.image(600_000)
    told = site.push(made.path, f"{proxy.host}/{name}:1", dry_run=True)
    assert {each.state for each in told.blobs} == {"missing"}
    assert {each.method for each in proxy.asked} == {"GET", "HEAD"}
    site.push(made.path, f"{site.host}/{name}:1")
    other = site.image(1000)
    told = site.push(other.path, f"{proxy.host}/{name}:1", dry_run=True)
    assert told.tags[0].before == made.digest
    assert site.pulled(f"{name}:1") == made.digest


def test_layers_of_another_repository_are_mounted(site, proxy, name):
    made = site.image(600_000, 1000)
    site.push(made.path, f"{site.host}/{name}-base:1")
    pushed = site.push(made.path, f"{proxy.host}/{name}:1", mount=f"{name}-base")
    assert {each.state for each in pushed.blobs} == {"mounted"}
    assert proxy.of("PATCH") == proxy.of("PUT", "blobs") == []
    assert site.pulled(f"{name}:1") == made.digest
    # A source that has none of it costs nothing: the upload that was begun instead goes on.
    proxy.asked.clear()
    other = site.image(600_000)
    assert {
        each.state
        for each in site.push(other.path, f"{proxy.host}/{name}:1", mount="no/such").blobs
    } == {"uploaded"}
    assert all("mount=" in each.path for each in proxy.of("POST"))
    assert site.pulled(f"{name}:1") == other.digest


def test_a_damaged_blob_never_leaves(site, proxy, name):
    old, made = site.image(1000), site.image(600_000)
    site.push(old.path, f"{site.host}/{name}:1")
    blob = made.path / "blobs" / made.layers[1].replace(":", "/")
    with blob.open("r+b") as file:
        file.seek(500_000)
        file.write(b"other bytes")
    with pytest.raises(ImageError, match=f"{made.layers[1]}: the bytes don't match"):
        site.push(made.path, f"{proxy.host}/{name}:1")
    assert site.pulled(f"{name}:1") == old.digest
    blob.unlink()
    with pytest.raises(ImageError, match="is missing"):
        site.push(made.path, f"{proxy.host}/{name}:1")


def test_what_is_about_a_manifest_is_listed_with_it(site, name):
    """This registry knows no referrers: the list under the tag of the digest is the client's."""
    layout = Layout(site.folder / "subject")
    config = layout.add(CONFIG, {"os": "linux", "architecture": "amd64"})
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config.document()}
    subject = layout.add(MANIFEST, {**document, "layers": []})
    entries = [subject.document()]
    for number in range(2):
        notes = {"subject": subject.document(), "artifactType": f"application/x-{number}"}
        made = layout.add(MANIFEST, {**document, "layers": [], **notes})
        entries.append(made.document())
    top = layout.add(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    layout.finish(top, reference="x.example/y", tags=["1"])
    for _ in range(2):  # the second time all are listed
        site.push(layout.path, f"{site.host}/{name}:1")
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    connection.request(
        "GET", f"/v2/{name}/manifests/{subject.digest.replace(':', '-')}", headers={"Accept": INDEX}
    )
    listed = json.loads(connection.getresponse().read())["manifests"]
    connection.close()
    assert [each["digest"] for each in listed] == [each["digest"] for each in entries[1:]]
    assert [each["artifactType"] for each in listed] == ["application/x-0", "application/x-1"]


def test_memory_does_not_grow_with_a_blob(site, name):
    """Nothing larger than a piece is read at once; benchmarks/push_memory.py has megabytes."""
    made = site.image(1_500_000)
    sizes = []
    with open_image(made.path, parts=True) as archive:
        from hatch_multiarch.image.inspect import content
        from hatch_multiarch.registry import Content, parse, push

        found = content(archive, inspect_archive(archive).images[0])

        def read(digest, start, size):
            sizes.append(size)
            return found.read(digest, start, size)

        watched = Content(found.blobs, found.documents, read)
        push(watched, parse(f"{site.host}/{name}"), ["1"], site.env, pace=FAST)
    assert max(sizes) == 1 << 18
    assert site.pulled(f"{name}:1") == made.digest
