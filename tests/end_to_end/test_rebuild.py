"""An unchanged build leaves what is there, and what is in the cache never decides what it makes."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.cache.cache_dir import cache_home

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

pytestmark = pytest.mark.slow


class Site:
    def __init__(self, root: Path, cache: Path, run: Callable[..., Ran]) -> None:
        self.root = root
        self.cache = cache / "hatch-multiarch/build"
        self._run = run
        self.said = ""
        # Go's own cache stays: what it has compiled is not what this is about.
        go = os.environ.get("GOCACHE") or str(cache_home(os.environ) / "go-build")
        self._env = {"XDG_CACHE_HOME": str(cache), "GOCACHE": go}
        pyproject = root / "pyproject.toml"
        shorter = pyproject.read_text().partition("[tool.multiarch.helpers.tone]")
        assert shorter[1]
        image = '[tool.multiarch.image]\noutputs = ["oci"]\n'
        pyproject.write_text(shorter[0] + image)
        (root / "src/greeter/large.dat").write_bytes(bytes(3 << 20))

    def build(self, **env: str) -> dict[str, bytes]:
        """Build two platforms and the image; return the outputs."""
        command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
        env = {**self._env, "HATCH_MULTIARCH_PLATFORMS": "linux/amd64 linux/arm64", **env}
        self.said = self._run(*command, cwd=self.root, **env).out
        return {path.name: path.read_bytes() for path in self.outputs()}

    def outputs(self) -> list[Path]:
        found = [*self.root.glob("dist/*.whl"), *self.root.glob("build/multiarch/*.oci.tar")]
        assert len(found) == 3
        return found

    def when(self) -> dict[str, tuple[int, int]]:
        stats = {path.name: path.stat() for path in self.outputs()}
        return {name: (each.st_ino, each.st_mtime_ns) for name, each in stats.items()}

    def flip(self, path: Path) -> None:
        """Change one byte of *path*, in a new file: other names of the old one keep what it has."""
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.unlink()
        path.write_bytes(data)


@pytest.fixture
def site(project: Path, tmp_path: Path, run: Callable[..., Ran]) -> Site:
    return Site(project, tmp_path / "cache", run)


def test_nothing_is_written_again_and_damage_is_repaired(site: Site) -> None:
    first = site.build()
    streams = list(site.cache.glob("files/*/deflate"))
    assert len(streams) == 3, "two helpers and the large file"
    before = site.when()
    assert site.build() == first
    assert site.when() == before

    for path in site.outputs():  # in what was built
        site.flip(path)
    assert site.build() == first

    for path in streams:  # in what was kept
        site.flip(path)
    shutil.rmtree(site.root / "dist")
    shutil.rmtree(site.root / "build/multiarch")
    assert site.build() == first
    assert list(site.cache.glob("files/*/deflate")) == streams

    shutil.rmtree(site.cache)
    site.cache.parent.chmod(0o500)
    (site.root / "src/greeter/__init__.py").touch()
    assert site.build() == first
    site.cache.parent.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such owners there")
def test_a_cache_that_others_may_write_to_is_named_and_not_used(site: Site, tmp_path: Path) -> None:
    folder, temporary = site.cache.parent.parent, tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    folder.chmod(0o777)
    first = site.build(TMPDIR=str(temporary))
    why = "since other users can write to it"
    line = f"note: {folder} is not used as a cache, {why}: chmod go-w {folder}"
    assert site.said.count(line) == 1
    assert list(folder.iterdir()) == []
    assert list(temporary.glob("hatch-multiarch-cache-*/hatch-multiarch/build/files/*/deflate"))
    folder.chmod(0o755)
    assert site.build() == first
    assert "is not used as a cache" not in site.said
    assert list(site.cache.glob("files/*/deflate"))


SPY = """
import os

flush = os.fsync

def fsync(handle):
    flush(handle)
    with open(os.environ["FLUSHED"], "a") as file:
        print(os.fstat(handle).st_ino, file=file)

os.fsync = fsync
"""


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not flushed there")
def test_what_is_new_is_on_the_disk_and_what_is_not_costs_nothing(
    site: Site, tmp_path: Path
) -> None:
    """Outputs and the report are flushed with their folders, and nothing that is made again."""
    pyproject = site.root / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(text.replace('outputs = ["oci"]', 'outputs = ["oci", "layout"]'))
    spy, flushed = tmp_path / "spy", tmp_path / "flushed"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(SPY)
    path = os.pathsep.join(filter(None, (str(spy), os.environ.get("PYTHONPATH"))))
    env = {"FLUSHED": str(flushed), "PYTHONPATH": path}

    site.build(**env)
    dist, output = site.root / "dist", site.root / "build/multiarch"
    [folder, report] = [next(output.glob(each)) for each in ("*.oci", "*.json")]
    kept = [*site.outputs(), report, *folder.rglob("*")]
    inodes = {each.stat().st_ino for each in (*kept, dist, output, folder)}
    found = [int(line) for line in flushed.read_text().split()]
    assert inodes < set(found)
    assert len(set(found) - inodes) == 1  # the journal, while outputs take their names
    assert max(map(found.count, {each.stat().st_ino for each in kept})) == 1

    flushed.unlink()
    before = {each.stat().st_ino for each in kept} - {report.stat().st_ino}
    site.build(**env)
    assert not flushed.exists()
    kept = [*site.outputs(), *folder.rglob("*")]
    assert {each.stat().st_ino for each in kept} == before
