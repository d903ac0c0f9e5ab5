"""A tag never loses platforms unless that is asked for: pushes to a real registry."""

from __future__ import annotations

import json
import secrets

import pytest
from registry.pushes import command

from hatch_multiarch.oci.layout import Layout
from hatch_multiarch.oci.media_types import CONFIG, INDEX
from hatch_multiarch.platforms import normalise
from hatch_multiarch.registry.tag_platforms import LosingError

ARTIFACT = "application/vnd.cncf.helm.config.v1+json"


def image(site, has, *, config=CONFIG, lone=False):
    """Make an image of the platforms in *has*, as a manifest without index if *lone*."""
    layout = Layout(site.folder / f"layout-{secrets.token_hex(4)}")
    listed = []
    for name in has.split():
        os, architecture, *variant = name.split("/")
        platform = {"os": os, "architecture": architecture}
        platform |= {"variant": variant[0]} if variant else {}
        rootfs = {"rootfs": {"type": "layers", "diff_ids": []}}
        blob = layout.add(config, {**platform, **rootfs})
        notes = {"vnd.docker.reference.type": "attestation-manifest"} if os == "unknown" else {}
        made = layout.manifest(blob, (), {})
        listed.append((made, made.document(platform=platform, annotations=notes)))
    top = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [each for _, each in listed]}
    layout.finish(
        listed[0][0] if lone else layout.add(INDEX, top), reference="example.com/a", tags=["1"]
    )
    return layout.path


TWO, ARM = "linux/amd64 linux/arm64", "linux/arm"
CASES = [
    # there, pushed, what would go
    (TWO, ARM, "linux/amd64, linux/arm64"),
    (TWO, "linux/arm64", "linux/amd64"),
    (TWO, f"{TWO} {ARM}", ""),
    (TWO, "linux/arm64 linux/amd64", ""),
    (f"{TWO} unknown/unknown", TWO, ""),
    ("linux/arm64/v8 linux/arm", "linux/arm64 linux/arm/v7", ""),
    ("linux/arm/v7 linux/arm/v6", "linux/arm/v7", "linux/arm/v6"),
    ("linux/amd64 windows/amd64", "linux/amd64", "windows/amd64"),
]


@pytest.mark.parametrize(("there", "new", "lost"), CASES)
def test_which_platforms_a_tag_would_lose(site, proxy, name, there, new, lost):
    where = f"{proxy.host}/{name}"
    site.push(image(site, there), f"{where}:1")
    path = image(site, new)
    before = len(proxy.asked)
    if not lost:
        site.push(path, f"{where}:1")
        return
    for dry_run in (True, False):
        with pytest.raises(LosingError) as caught:
            site.push(path, where, tags=["1", "new"], dry_run=dry_run)
        has = ", ".join(map(normalise, new.split()))
        assert caught.value.message == f"{where}:1 would lose {lost}: the new image has {has} only"
        assert "--fewer-platforms" in caught.value.advice
    assert {each.method for each in proxy.asked[before:]} <= {"GET", "HEAD"}
    site.push(path, where, tags=["new"])  # which nobody has
    site.push(path, where, tags=["1", "new"], fewer=True)


@pytest.mark.parametrize(
    ("there", "new", "lost"),
    [
        ({"has": "linux/amd64", "lone": True}, {"has": "linux/arm64"}, "linux/amd64"),
        ({"has": TWO}, {"has": "linux/arm64", "lone": True}, "linux/amd64"),
        ({"has": "linux/amd64", "lone": True}, {"has": TWO}, ""),
        ({"has": "linux/amd64", "lone": True, "config": ARTIFACT}, {"has": "linux/arm64"}, ""),
    ],
)
def test_a_manifest_without_index_has_the_platform_of_its_config(site, name, there, new, lost):
    where = f"{site.host}/{name}:1"
    site.push(image(site, **there), where)
    if lost:
        with pytest.raises(LosingError, match=f"would lose {lost}: "):
            site.push(image(site, **new), where)
    else:
        site.push(image(site, **new), where)


def test_the_command_refuses_and_takes_the_option(site, name):
    where = f"{site.host}/{name}:1"
    site.push(image(site, TWO), where)
    path = image(site, ARM)
    said = command(site, "push", path, where, code=9)
    assert f"error: {where} would lose linux/amd64, linux/arm64: " in said
    assert "hint: push an image of all platforms, or allow it: --fewer-platforms" in said
    said = json.loads(command(site, "push", "--fewer-platforms", "--json", path, where))
    assert said[0]["tags"][0]["before"].startswith("sha256:")
