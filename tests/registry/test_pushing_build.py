"""`hatchling build` that pushes, on a machine without docker."""

from __future__ import annotations

import json
import sys

import pytest
from buildkit.small import report, small
from engine_fixture import docker
from registry.proxy import says, wants_basic

from hatch_multiarch.image.inspect import inspect_archive, open_image

pytestmark = pytest.mark.slow
BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7")


def project(root, engine, image, **more):
    """Make a project of one pure-Go helper whose image is pushed to HOST/NAME."""
    small(root, engine, platforms=PLATFORMS, image=image, builder="", **more)
    file = root / "pyproject.toml"
    text = file.read_text().replace('engine = "buildkit"', 'engine = "host"')
    file.write_text(text[: text.index("[tool.multiarch.stage]")])
    return root


def test_an_image_is_pushed_without_docker_and_runs_in_docker(
    site, engine, run, bare, name, tmp_path
):
    image = f"{site.host}/{name}"
    root = project(
        tmp_path / "greeter",
        engine,
        f'name = "{image}"\ntags = ["{{version}}", "latest"]\noutputs = ["oci", "registry"]',
    )
    said = run(*BUILD, cwd=root, **bare).out
    summary = [line.split() for line in said.splitlines()]
    at = summary.index(["pushed", f"{image}:1.0.0"])
    assert [each[0] for each in summary[at - 1 : at + 3]] == ["image", "pushed", "pushed", "report"]
    assert summary[at + 1][1] == f"{image}:latest"
    found = report(root)["image"]
    assert found["published"] == [
        {"type": "registry", "reference": f"{image}:{tag}", "digest": found["digest"]}
        for tag in ("1.0.0", "latest")
    ]
    with open_image(root / "build/multiarch/greeter-1.0.0.oci.tar") as archive:
        assert inspect_archive(archive).images[0].digest == found["digest"]
    assert site.pulled(f"{name}:1.0.0") == site.pulled(f"{name}:latest") == found["digest"]
    try:
        for platform in PLATFORMS:
            words = ["run", "--rm", "--network=none", "--pull=always", "--quiet"]
            ran = docker(engine, *words, f"--platform={platform}", f"{image}:1.0.0")
            architecture = platform.split("/")[1]
            assert ran == f"Hello world!\nRunning in [{architecture}] architecture.\n"
    finally:
        docker(engine, "image", "rm", "--force", f"{image}:1.0.0")


def test_an_image_that_is_only_pushed_leaves_no_file(
    site, proxy, engine, run, bare, name, tmp_path
):
    wants_basic(proxy, "anna", "secret-1234")
    login = {"auths": {proxy.host: {"username": "anna", "password": "secret-1234"}}}
    image = f'name = "{proxy.host}/{name}"\noutputs = ["registry"]'
    root = project(tmp_path / "greeter", engine, image)
    said = run(*BUILD, cwd=root, code=9, **bare).out
    assert f"`docker login {proxy.host}`" in said
    assert "Traceback" not in said
    (tmp_path / "docker/config.json").write_text(json.dumps(login))
    said = run(*BUILD, cwd=root, **bare).out
    found = report(root)["image"]
    assert found["outputs"] == []
    assert [each["reference"] for each in found["published"]] == [f"{proxy.host}/{name}:1.0.0"]
    assert site.pulled(f"{name}:1.0.0") == found["digest"]
    written = sorted(each.name for each in (root / "build/multiarch").iterdir())
    assert written == [".gitignore", "bin", "greeter-1.0.0.json"]
    told = said + "".join(each.read_text() for each in (root / "build/multiarch").glob("*.json"))
    assert "secret-1234" not in told


def test_a_build_of_some_platforms_takes_none_from_the_tag(site, engine, run, bare, name, tmp_path):
    """Neither by a build nor by a push of what a build allowed, unless that is asked for, too."""
    root = project(
        tmp_path / "greeter", engine, f'name = "{site.host}/{name}"\noutputs = ["oci", "registry"]'
    )
    run(*BUILD, cwd=root, **bare)
    whole = site.pulled(f"{name}:1.0.0")
    cli = (sys.executable, "-m", "hatch_multiarch")
    some = ("-p", "linux/arm", "-t", "wheel")
    said = run(*cli, "build", *some, cwd=root, code=3, **bare).out
    assert "outputs[1]: the tags would lose linux/amd64, linux/arm64, which this build" in said
    # It does not know of the registry's then, but the push does.
    file = root / "pyproject.toml"
    text = file.read_text()
    file.write_text(text.replace(json.dumps(PLATFORMS), '["linux/arm/v7"]'))
    said = run(*BUILD, cwd=root, code=9, **bare).out
    assert f"error: {site.host}/{name}:1.0.0 would lose linux/amd64, linux/arm64: " in said
    assert len(list((root / "dist").iterdir())) == 3  # as it was
    assert site.pulled(f"{name}:1.0.0") == whole
    file.write_text(text)
    run(*cli, "build", *some, "--fewer-platforms", cwd=root, **bare)
    assert site.pulled(f"{name}:1.0.0") == report(root)["image"]["digest"] != whole
    said = run(*cli, "push", cwd=root, code=9, **bare).out
    assert "would lose linux/amd64, linux/arm64, which tool.multiarch.platforms has" in said
    run(*cli, "push", "--fewer-platforms", cwd=root, **bare)


def test_a_refused_push_leaves_everything_as_it_was(site, proxy, engine, run, bare, name, tmp_path):
    image = f'name = "{proxy.host}/{name}"\noutputs = ["oci", "registry"]'
    root = project(tmp_path / "greeter", engine, image)
    run(*BUILD, cwd=root, **bare)
    before = {path.name: path.read_bytes() for path in (root / "dist").iterdir()}
    old = report(root)["image"]["digest"]
    main = root / "helpers/greet/main.go"
    main.write_text(main.read_text() + "\nvar other = 1\n\nfunc init() { println(other) }\n")
    proxy.rule("PUT", "/manifests/", says(403, {}, "DENIED", "read only"), 99)
    said = run(*BUILD, cwd=root, code=9, **bare).out
    assert "does not allow it (403): DENIED: read only" in said
    assert {path.name: path.read_bytes() for path in (root / "dist").iterdir()} == before
    assert report(root)["image"]["digest"] == old
    assert site.pulled(f"{name}:1.0.0") == old
