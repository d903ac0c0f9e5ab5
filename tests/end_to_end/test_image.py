"""The image of `hatchling build`, taken apart by skopeo and tar, and its program run."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from support import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Example, Ran

pytestmark = [pytest.mark.witness, pytest.mark.slow]
WHEELS = {
    "linux/amd64": "x86_64",
    "linux/arm64": "aarch64",
    "linux/arm/v7": "armv7l",
    "linux/riscv64": "riscv64",
}


@pytest.mark.parametrize("platform", WHEELS)
def test_the_same_bytes_are_in_wheel_and_image_and_run(
    example: Example,
    emulate: Callable[[str], list[str]],
    run: Callable[..., Ran],
    tmp_path: Path,
    platform: str,
) -> None:
    _, arch, *variant = platform.split("/")
    choose = ["--override-arch", arch, *(f"--override-variant={name}" for name in variant)]
    source, copy = f"oci-archive:{example.archive}:1.0.0", tmp_path / "copy"
    run(need("skopeo"), "--insecure-policy", *choose, "copy", source, f"dir:{copy}")
    [layer] = json.loads((copy / "manifest.json").read_text())["layers"]
    run("tar", "-xzf", copy / layer["digest"].partition(":")[2], "-C", tmp_path)
    greet = tmp_path / "usr/local/bin/greet"
    said = run(*emulate(platform), greet).out
    assert said == f"Hello world!\nRunning in [{arch}] architecture.\n"
    with zipfile.ZipFile(example.wheel(WHEELS[platform])) as wheel:
        in_wheel = hashlib.sha256(wheel.read("_greeter_helpers/greet")).hexdigest()
    assert hashlib.sha256(greet.read_bytes()).hexdigest() == in_wheel


def test_its_annotations_come_from_the_project(example: Example, run: Callable[..., Ran]) -> None:
    source = f"oci-archive:{example.archive}:1.0.0"
    index = json.loads(run(need("skopeo"), "inspect", "--raw", source).out)
    named = {key.rpartition(".")[2]: value for key, value in index["annotations"].items()}
    assert named["title"] == "greeter"
    assert named["version"] == "1.0.0"
    assert named["licenses"] == "MIT"
    platforms = [each["platform"] for each in index["manifests"]]
    assert [each["architecture"] for each in platforms] == ["amd64", "arm64", "arm", "riscv64"]


def test_a_layout_folder_on_request(project: Path, run: Callable[..., Ran]) -> None:
    pyproject = project / "pyproject.toml"
    asked = '[tool.multiarch.image]\noutputs = ["layout", "oci"]'
    pyproject.write_text(pyproject.read_text().replace("[tool.multiarch.image]", asked))
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    env = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64 linux/arm64"}
    for _ in range(2):  # the second build replaces the folder of the first
        run(*build, cwd=project, **env)
    layout = project / "build/multiarch/greeter-1.0.0.oci"
    raw = [need("skopeo"), "inspect", "--raw"]
    assert run(*raw, f"oci:{layout}:1.0.0").out == run(*raw, f"oci-archive:{layout}.tar:1.0.0").out
