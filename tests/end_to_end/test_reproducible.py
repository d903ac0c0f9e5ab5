"""Builds in two folders, with fresh caches and with those of the machine, give the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import clean_env, copy_example, need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

pytestmark = pytest.mark.slow
BUILD = (sys.executable, "-m", "hatchling", "build")
PLATFORMS = "linux/arm64 windows/amd64"


def outputs(root: Path) -> dict[str, bytes]:
    found = [*root.glob("dist/*"), *root.glob("build/multiarch/*.oci.tar")]
    return {path.name: path.read_bytes() for path in found}


def test_two_folders_and_fresh_caches_give_the_same_bytes(tmp_path: Path) -> None:
    """Folders of different depth, nothing shared: neither Go's cache nor zig's nor ours.

    One has empty caches, the other what earlier builds in other folders have left.
    """
    roots = [copy_example(tmp_path / "one"), copy_example(tmp_path / "a/longer/way/to/two")]
    for root in roots:
        pyproject = root / "pyproject.toml"
        attested = '[tool.multiarch.image]\nsbom = "on"\nprovenance = "max"'
        pyproject.write_text(pyproject.read_text().replace("[tool.multiarch.image]", attested))
    cache = tmp_path / "cache"
    fresh = {
        "GOCACHE": str(cache / "go"),
        "ZIG_GLOBAL_CACHE_DIR": str(cache / "zig"),
        "XDG_CACHE_HOME": str(cache),
        "ZIG_LOCAL_CACHE_DIR": str(cache / "zig"),
    }
    builds = [
        subprocess.Popen(
            BUILD,
            cwd=root,
            env=clean_env(
                HATCH_MULTIARCH_PLATFORMS=PLATFORMS,
                SOURCE_DATE_EPOCH="1700000000",
                **caches,
            ),
            stdin=subprocess.DEVNULL,
        )
        for root, caches in zip(roots, (fresh, {}), strict=True)
    ]
    assert [build.wait() for build in builds] == [0, 0]
    one, two = map(outputs, roots)
    assert len(one) == 4
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


@pytest.mark.witness
def test_source_date_epoch_is_in_the_image(project: Path, run: Callable[..., Ran]) -> None:
    env = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64", "SOURCE_DATE_EPOCH": "1700000000"}
    run(*BUILD, "-t", "wheel", cwd=project, **env)
    archive = next(project.glob("build/multiarch/*.oci.tar"))
    said = run(need("skopeo"), "inspect", "--config", f"oci-archive:{archive}").out
    assert json.loads(said)["created"] == "2023-11-14T22:13:20Z"
