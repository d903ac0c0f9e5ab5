"""Where caches are, on every system and for users without a home."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from hatch_multiarch.cache import cache_dir
from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.cache.cache_dir import aside, cache_home, exposed, private
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.registry import Cache


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
    assert cache_home(env, system) == Path(f"{tmp_path}{expected}")


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such owners there")
def test_without_a_home_a_folder_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    for env in ({}, {"HOME": f"{tmp_path}/file"}):
        folder = cache_home(env, "linux")
        assert folder.parent == tmp_path
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    with pytest.raises(
        ToolchainError, match=r"there is no home folder for caches, and .* someone else"
    ):
        cache_home({}, "linux")


posix = pytest.mark.skipif(sys.platform == "win32", reason="folders have no such owners there")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a folder of caches of the user's own, as ``XDG_CACHE_HOME`` names it, with ours."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / "caches"
    (folder / "hatch-multiarch").mkdir(parents=True)
    for each in (folder, folder / "hatch-multiarch"):
        each.chmod(0o755)
    return folder


def chosen(home):
    """Return what is said about *home*, and whether it is used, by all that choose a cache."""
    env = {"XDG_CACHE_HOME": str(home)}
    folder = cache_home(env)
    assert folder in (home, private())
    BuildCache.of(env).note(1, "kind")
    assert (folder / "hatch-multiarch/build/records").is_dir()
    assert Cache.of(env).folder == folder / "hatch-multiarch/oci"
    return exposed(env), folder == home


@posix
def test_a_folder_of_ones_own_is_used(home):
    assert chosen(home) == ("", True)
    home.chmod(0o700)
    assert chosen(home) == ("", True)


@posix
@pytest.mark.parametrize("mode", [0o757, 0o777, 0o1777])
@pytest.mark.parametrize("name", ["", "hatch-multiarch"])
def test_a_folder_that_all_may_write_to_is_not_used(home, name, mode):
    folder = home / name
    folder.chmod(mode)
    said = (
        f"{folder} is not used as a cache, since other users can write to it: chmod go-w {folder}"
    )
    assert chosen(home) == (said, False)
    assert not (home / "hatch-multiarch/build").exists()
    assert stat.S_IMODE(private().stat().st_mode) == 0o700
    folder.chmod(mode & ~0o022)  # as the line says
    assert chosen(home) == ("", True)


@posix
def test_the_group_of_the_user_alone_may_write(home, monkeypatch):
    """As where every user has a group of their own, and the umask is 002."""
    import grp

    os.chown(home, -1, os.getgid())
    home.chmod(0o775)
    for members, used in (([], True), (["root"], True), (["root", "someone"], False)):
        group = grp.struct_group(("mine", "x", os.getgid(), members))
        monkeypatch.setattr(grp, "getgrgid", lambda _, group=group: group)
        assert chosen(home)[1] == used, members

    def unknown(gid):
        raise KeyError(gid)

    monkeypatch.setattr(grp, "getgrgid", unknown)
    assert chosen(home)[1] is False


@posix
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives away")
def test_a_folder_of_another_user_or_group_is_not_used(home):
    os.chown(home / "hatch-multiarch", 12345, -1)
    said, used = chosen(home)
    assert said == (
        f"{home}/hatch-multiarch is not used as a cache, since it belongs to another user "
        "(uid 12345): set XDG_CACHE_HOME to your own folder"
    )
    assert not used
    os.chown(home / "hatch-multiarch", 0, 12345)
    assert chosen(home) == ("", True)
    (home / "hatch-multiarch").chmod(0o775)
    assert chosen(home)[1] is False


@posix
def test_folders_that_are_made_are_for_their_user_alone(tmp_path):
    before = os.umask(0)
    try:
        with aside(tmp_path / "a/b/file") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / each).stat().st_mode) for each in ("a", "a/b", "a/b/file")]
    assert modes == [0o700, 0o700, 0o600]


def test_a_build_that_is_faster_by_a_moment_is_no_error(tmp_path, monkeypatch):
    """The folder comes between the last look and the move, which then cannot replace it."""
    final = tmp_path / "cache/folder"

    def move(part, target):
        target.mkdir()
        (target / "faster").touch()
        part.replace(target)

    monkeypatch.setattr(cache_dir, "move", move)
    with cache_dir.folder_aside(final) as part:
        (part / "slower").touch()
    assert [each.name for each in final.iterdir()] == ["faster"]
    assert list(final.parent.iterdir()) == [final]
