"""Where caches are, on every system and for users without a home."""

from __future__ import annotations

import stat
import sys

import pytest

from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.homes import cache_home


@pytest.mark.parametrize(
    ("system", "env", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg"),
        ("linux", {}, "/home/.cache"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/.cache"),
        ("darwin", {}, "/home/Library/Caches"),
        ("darwin", {"XDG_CACHE_HOME": "/xdg"}, "/xdg"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local"),
        ("win32", {}, "/home/AppData/Local"),
    ],
)
def test_each_system_has_its_own(tmp_path, system, env, expected):
    env = {name: f"{tmp_path}{path}" if path[0] == "/" else path for name, path in env.items()}
    env = {"HOME": f"{tmp_path}/home", **env}
    assert str(cache_home(env, system)) == f"{tmp_path}{expected}"


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such owners there")
def test_without_a_home_a_folder_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    for env in ({}, {"HOME": f"{tmp_path}/file"}):
        folder = cache_home(env, "linux")
        assert folder.parent == tmp_path
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    with pytest.raises(ToolchainError, match=r"there is no home for caches, and .* someone else"):
        cache_home({}, "linux")
