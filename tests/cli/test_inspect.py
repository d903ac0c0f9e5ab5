"""`hatch-multiarch inspect` in the terminal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.errors import ImageError
from hatch_multiarch.pipeline.find_outputs import find_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Example, Ran

CLI = (sys.executable, "-m", "hatch_multiarch", "inspect")
PLATFORMS = ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/riscv64"]


@pytest.mark.slow
def test_what_hatch_build_made_is_told_as_the_report_tells_it(
    example: Example, run: Callable[..., Ran]
) -> None:
    report = json.loads(example.report.read_text())["image"]
    told = json.loads(run(*CLI, "--json", "--check", cwd=example.root).out)
    assert told["kind"] == "oci-archive"
    [image] = told["images"]
    assert image["digest"] == report["digest"]
    assert [
        {key: each[key] for key in ("platform", "digest", "size")} for each in image["manifests"]
    ] == [
        {key: each[key] for key in ("platform", "digest", "size")} for each in report["manifests"]
    ]
    for words in ((example.root,), (example.archive,)):
        said = run(*CLI, "--check", *words).out
        assert said.startswith("name        ")
        assert said.endswith("blobs read, all match their digests\n")
        assert [line.split()[0] for line in said.splitlines() if "MB" in line] == PLATFORMS


def test_errors_are_one_line(project: Path, run: Callable[..., Ran]) -> None:
    said = run(*CLI, cwd=project, code=7).out
    assert said.splitlines()[0] == "error: build/multiarch: the project has built no image there"
    said = run(*CLI, "./none.oci.tar", cwd=project, code=7).out
    assert said == "error: ./none.oci.tar: no such file or folder\n"
    said = run(*CLI, "pyproject.toml", cwd=project, code=7).out
    assert said.startswith("error: pyproject.toml: not a readable tar archive: ")
    assert len(said.splitlines()) == 1
    assert "--check reads archives" in run(*CLI, "name:1", "--check", cwd=project, code=7).out


def test_what_is_no_reference_is_one_line(
    project: Path, run: Callable[..., Ran], engine: Engine
) -> None:
    assert "neither a file, nor a folder" in run(*CLI, "UPPER", cwd=project, code=7).out


def test_of_several_images_that_of_the_version_is_meant(project: Path) -> None:
    folder = project / "build/multiarch"
    folder.mkdir(parents=True)
    for name in ("greeter-0.9.0.oci.tar", "greeter-1.0.0.oci.tar"):
        (folder / name).touch()
    assert find_image(str(project)) == folder / "greeter-1.0.0.oci.tar"
    (folder / "greeter-1.0.0.oci.tar").rename(folder / "greeter-0.8.0.oci.tar")
    with pytest.raises(
        ImageError, match=r"several images: greeter-0\.8\.0\.oci\.tar, greeter-0\.9\.0"
    ):
        find_image(str(project))
    (folder / "greeter-0.8.0.oci.tar").unlink()
    assert find_image(str(project)) == folder / "greeter-0.9.0.oci.tar"
    shutil.rmtree(folder)
    (folder / "greeter-1.0.0.oci").mkdir(parents=True)
    assert find_image(str(project)) == folder / "greeter-1.0.0.oci"


def test_an_engine_image_pushed_and_seen(
    engine: object, project: Path, run: Callable[..., Ran]
) -> None:
    """The base image of the tests, through the command."""
    reference = engine.python_image  # type: ignore[attr-defined]
    [image] = json.loads(run(*CLI, reference, "--json", cwd=project).out)["images"]
    assert image["names"] == [reference]
    platforms = [each["platform"] for each in image["manifests"]]
    assert platforms == ["linux/amd64", "linux/arm64", "linux/arm/v7"]
    said = run(*CLI, reference, cwd=project).out
    assert image["digest"] in said
    assert all(platform in said for platform in platforms)


def test_a_registry_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [*CLI, "example.com/team/greeter:1"],
        env={"HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 9
    assert done.stderr.startswith("error: example.com/team/greeter: asking for the tag 1: ")
    assert "Traceback" not in done.stderr
