"""Files are written whole or not at all, and what a person keeps is on the disk before its name."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from hatch_multiarch import files
from hatch_multiarch.errors import PlanError


@pytest.fixture
def flushed(monkeypatch):
    """Return the inodes of what is flushed, in that order."""
    found, flush = [], os.fsync

    def fsync(handle):
        found.append(os.fstat(handle).st_ino)
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def test_what_fails_on_the_way_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), files.writing(path) as file:  # noqa: PT012 - what is tested
        file.write(b"half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_a_new_file_has_the_permissions_asked_for(tmp_path):
    files.write("a", tmp_path / "deep/a")
    files.write("b", tmp_path / "b", mode=0o640)
    files.copy(tmp_path / "b", tmp_path / "c", mode=0o755)
    found = [stat.S_IMODE((tmp_path / each).stat().st_mode) for each in ("deep/a", "b", "c")]
    assert found == [0o644, 0o640, 0o755]
    assert (tmp_path / "c").read_text() == "b"


def test_a_text_is_flushed_before_it_has_its_name_and_the_name_after(tmp_path, monkeypatch):
    path, found, flush = tmp_path / "file", [], os.fsync

    def fsync(handle):
        found.append((os.fstat(handle).st_ino, path.read_bytes()))
        flush(handle)

    path.write_text("old")
    monkeypatch.setattr(os, "fsync", fsync)
    files.write("new\n", path)
    folder = [] if sys.platform == "win32" else [(tmp_path.stat().st_ino, b"new\n")]
    assert found == [(path.stat().st_ino, b"old"), *folder]


def test_what_can_be_made_again_is_not_flushed(tmp_path, flushed):
    files.write("x", tmp_path / "a", lasting=False)
    files.copy(tmp_path / "a", tmp_path / "b", mode=0o644)
    assert (tmp_path / "b").read_text() == "x"
    assert flushed == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_file_of_the_project_stays_what_it_is(tmp_path, flushed):
    path, link = tmp_path / "pyproject.toml", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o600)
    link.symlink_to(path)
    files.rewrite(link, "new")
    assert link.is_symlink()
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert path.stat().st_ino in flushed
    path.chmod(0o444)
    with pytest.raises(PlanError, match=r"^pyproject.toml is read-only\n  hint: .* chmod u\+w"):
        files.rewrite(path, "other")
    assert path.read_text() == "new"


def test_a_hash_is_of_all_bytes_and_copies_them(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"ab" * (3 << 20))
    with source.open("rb") as file, target.open("wb") as copy:
        found = files.hashed(file, copy)
    assert found == (files.sha256(target), 6 << 20)
    assert target.read_bytes() == source.read_bytes()
    empty = tmp_path / "empty"
    empty.touch()
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert files.sha256(empty) == nothing
