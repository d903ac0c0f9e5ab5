"""The example through the builder stage: three platforms, cross-gcc, wheels and a pushed image."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from buildkit.conftest import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from buildkit.conftest import Built
    from engine_fixture import Engine
    from support import Ran, Venv

pytestmark = [pytest.mark.slow, pytest.mark.network]
GOARCH = {"linux/amd64": "amd64", "linux/arm64": "arm64", "linux/arm/v7": "arm"}


def manifests(engine: Engine, reference: str) -> dict[str, str]:
    """Return platform -> digest, as `docker buildx imagetools` reads them from the registry."""
    words = ["docker", "buildx", "imagetools", "inspect", "--raw", reference]
    raw = subprocess.run(words, env=engine.env, capture_output=True, check=True).stdout
    found = {}
    for each in json.loads(raw)["manifests"]:
        parts = (
            each["platform"][key]
            for key in ("os", "architecture", "variant")
            if key in each["platform"]
        )
        found["/".join(parts)] = each["digest"]
    return found


@pytest.mark.containerd_store
def test_every_wheel_has_the_tag_of_its_cross_gcc(built: Built) -> None:
    tags = sorted(path.stem.rpartition("manylinux_2_")[2] for path in built.wheels)
    assert [tag.partition("_")[2] for tag in tags] == ["aarch64", "armv7l", "x86_64"]


@pytest.mark.containerd_store
def test_report_names_the_compilers(built: Built) -> None:
    tools = built.report["tools"]
    assert tools["engine"] == "buildkit"
    assert tools["go"].startswith("go 1.")
    names = [name.split()[0] for name in tools["compilers"]]
    assert names == ["aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc", "x86_64-linux-gnu-gcc"]
    assert all(name.split()[1][0].isdigit() for name in tools["compilers"])


@pytest.mark.containerd_store
def test_report_tells_when_each_unit_was_compiled(built: Built) -> None:
    whole = built.report["timing"]["seconds"]
    for unit in built.report["units"]:
        assert 0 <= unit["start"] <= unit["start"] + unit["seconds"] <= whole + 0.02
        assert unit["worker"] is None
    ended = {(u["helper"], u["platform"]): u["start"] + u["seconds"] for u in built.report["units"]}
    for unit in built.report["units"]:
        if unit["helper"] == "tone":  # with the standard library that greet has put into Go's cache
            assert unit["start"] >= ended["greet", unit["platform"]] - 0.02


@pytest.mark.containerd_store
def test_wheels_and_image_hold_the_same_bytes(built: Built) -> None:
    places = [each for each in built.report["proof"] if each["helper"] == "greet"]
    assert [each["platform"] for each in places] == list(PLATFORMS)
    for each in places:
        with zipfile.ZipFile(built.root / "dist" / each["wheel"]["file"]) as wheel:
            found = hashlib.sha256(wheel.read(each["wheel"]["member"])).hexdigest()
        assert found == each["sha256"]
        [manifest] = [
            one for one in built.report["image"]["manifests"] if one["platform"] == each["platform"]
        ]
        assert manifest["files"] == {"usr/local/bin/greet": found}


@pytest.mark.containerd_store
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_pushed_image_runs_by_digest(built: Built, engine: Engine, platform: str) -> None:
    pushed = manifests(engine, f"{built.image}:latest")
    assert pushed == {
        each["platform"]: each["digest"] for each in built.report["image"]["manifests"]
    }
    reference = f"{built.image}@{pushed[platform]}"
    words = ["docker", "run", "--rm", "--platform", platform, reference]
    said = subprocess.run(words, env=engine.env, capture_output=True, text=True, check=True).stdout
    assert f"[{GOARCH[platform]}]" in said
    # What the registry serves is what the wheel holds, by a client that is not ours.
    name = f"hm-{platform.replace('/', '-')}"
    subprocess.run(["docker", "rm", "-f", name], env=engine.env, capture_output=True, check=False)
    subprocess.run(
        ["docker", "create", "--name", name, "--platform", platform, reference],
        env=engine.env, capture_output=True, check=True,
    )  # fmt: skip
    copied = subprocess.run(
        ["docker", "cp", f"{name}:/usr/local/bin/greet", "-"],
        env=engine.env, capture_output=True, check=True,
    ).stdout  # fmt: skip
    subprocess.run(["docker", "rm", "-f", name], env=engine.env, capture_output=True, check=True)
    [proof] = [
        each for each in built.report["proof"]
        if (each["helper"], each["platform"]) == ("greet", platform)
    ]  # fmt: skip
    assert hashlib.sha256(untarred(copied)).hexdigest() == proof["sha256"]


def untarred(data: bytes) -> bytes:
    import io
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        file = tar.extractfile("greet")
        assert file is not None
        return file.read()


@pytest.mark.containerd_store
def test_both_tags_and_the_annotations_are_pushed(built: Built, engine: Engine) -> None:
    published = built.report["image"]["published"]
    assert [each["reference"] for each in published] == [
        f"{built.image}:1.0.0",
        f"{built.image}:latest",
    ]
    assert {each["digest"] for each in published} == {built.report["image"]["digest"]}
    for tag in ("1.0.0", "latest"):
        words = ["docker", "buildx", "imagetools", "inspect", "--raw", f"{built.image}:{tag}"]
        raw = subprocess.run(words, env=engine.env, capture_output=True, check=True).stdout
        assert "sha256:" + hashlib.sha256(raw).hexdigest() == published[0]["digest"]
        assert json.loads(raw)["annotations"]["com.example.team"] == 'a, "b"'


@pytest.mark.containerd_store
def test_the_wheel_of_this_machine_installs_and_runs(built: Built, venv: Venv) -> None:
    [wheel] = [path for path in built.wheels if "x86_64" in path.name]
    venv.install("pip", "--no-index", "--no-deps", wheel)
    assert "Hello" in venv.script("greeter")


@pytest.mark.containerd_store
@pytest.mark.parametrize("platform", PLATFORMS)
def test_cgo_helpers_of_the_wheels_run(
    built: Built, tmp_path: Path, engine: Engine, platform: str
) -> None:
    """In a root of their own platform, since they are dynamic: the base with Python."""
    [proof] = [
        each for each in built.report["proof"]
        if (each["helper"], each["platform"]) == ("tone", platform)
    ]  # fmt: skip
    with zipfile.ZipFile(built.root / "dist" / proof["wheel"]["file"]) as wheel:
        (tmp_path / "tone").write_bytes(wheel.read(proof["wheel"]["member"]))
    (tmp_path / "tone").chmod(0o755)
    words = ["docker", "run", "--rm", "--platform", platform, "-v", f"{tmp_path}:/w:ro"]
    done = subprocess.run(
        [*words, engine.python_image, "/w/tone"],
        env=engine.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.containerd_store
def test_the_plan_says_where_before_anything_runs(built: Built, run: Callable[..., Ran]) -> None:
    said = run(
        sys.executable, "-m", "hatch_multiarch", "plan", built.root, HATCH_MULTIARCH_ENGINE=""
    )
    for platform in PLATFORMS:
        assert f"  {platform}: node " in said.out
    assert "emulated" not in said.out
