"""What takes a name that is taken: in one step where that can be, and else with a way back."""

from __future__ import annotations

import os
import stat
import sys
import threading
import time

import pytest

from hatch_multiarch import files
from hatch_multiarch.errors import PlanError
from hatch_multiarch.files import staging

WAYS = [
    pytest.param(True, id="exchanged"),
    pytest.param(False, id="renamed"),
]


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """The two ways; the second is that of other systems."""
    if not request.param:
        monkeypatch.setattr(staging, "exchange", lambda *_: False)


@pytest.fixture
def flushed(monkeypatch):
    """Return the inodes of the files that are flushed, and not those of folders."""
    found = []
    flush = os.fsync

    def fsync(handle):
        about = os.fstat(handle)
        if stat.S_ISREG(about.st_mode):
            found.append(about.st_ino)
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def layout(path, text="{}"):
    """Make a folder like an OCI layout."""
    (path / "blobs/sha256").mkdir(parents=True)
    (path / "blobs/sha256/00").write_text("blob")
    (path / "index.json").write_text(text)
    return path


def made(path, kind):
    """Make *path*: a file, a folder, a link or nothing."""
    if kind == "file":
        path.write_text(path.name)
    elif kind == "folder":
        path.mkdir()
        (path / path.name).touch()
    elif kind == "link":
        path.symlink_to(path.parent)


def seen(path):
    if path.is_symlink():
        return "link"
    return [each.name for each in path.iterdir()] if path.is_dir() else path.read_text()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("before", ["nothing", "file", "folder", "link"])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_anything_takes_the_place_of_anything(tmp_path, kind, before):
    if before == "link" and sys.platform == "win32":
        pytest.skip("links need rights there")
    staging, place = tmp_path / "staging", tmp_path / "place"
    staging.mkdir()
    place.mkdir()
    made(staging / "new", kind)
    made(place / "final", before)
    files.move(staging / "new", place / "final")
    assert seen(place / "final") == ("new" if kind == "file" else ["new"])
    assert [each.name for each in place.iterdir()] == ["final"]
    assert [each.name for each in staging.iterdir()] in ([], ["new"])
    assert not (staging / "new").exists() or seen(staging / "new") != seen(place / "final")


@pytest.mark.usefixtures("way")
def test_a_folder_comes_back_when_the_other_cannot_take_its_name(tmp_path):
    """The first rename works, and the second one fails: what it would move is gone."""
    final = layout(tmp_path / "final", "old")
    staging = tmp_path / "staging"
    staging.mkdir()
    with pytest.raises(FileNotFoundError):
        files.move(staging / "gone", final)
    assert (final / "index.json").read_text() == "old"
    assert list(staging.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="no other system exchanges names in one step")
def test_a_reader_always_finds_one_of_both(tmp_path):
    final, other = layout(tmp_path / "final", "0" * 9), layout(tmp_path / "staged", "1" * 9)
    if not staging.exchange(other, final):
        pytest.skip("this file system or C library exchanges no names")
    found, missing, over = [], [], threading.Event()

    def read():
        while not over.is_set():
            try:
                found.append((final / "index.json").read_text())
            except OSError as error:  # noqa: PERF203 - each of them counts
                missing.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(300):
            files.move(other, final)
            # The first of two reads may have begun before the move, the second has not.
            reads = len(found) + len(missing) + 2
            while len(found) + len(missing) < reads:
                time.sleep(0)
    finally:
        over.set()
        reader.join()
    assert missing == []
    assert set(found) == {"0" * 9, "1" * 9}


def test_a_layout_is_flushed_once_and_one_that_is_the_same_stays(tmp_path, flushed):
    final, staged = tmp_path / "final", layout(tmp_path / "staged")
    inodes = sorted(each.stat().st_ino for each in staged.rglob("*") if each.is_file())
    assert files.place(staged, final)
    assert sorted(flushed) == inodes
    flushed.clear()
    assert not files.place(layout(tmp_path / "again"), final)
    assert flushed == []
    assert sorted(each.stat().st_ino for each in final.rglob("*") if each.is_file()) == inodes


def test_a_wheel_is_flushed_and_one_of_the_same_bytes_stays(tmp_path, flushed):
    final, staged = tmp_path / "final.whl", tmp_path / "staged.whl"
    final.write_text("old")
    staged.write_text("new")
    inode = staged.stat().st_ino
    assert files.place(staged, final)
    assert flushed == [inode]
    staged.write_text("new")
    assert not files.place(staged, final)
    assert flushed == [inode]
    assert final.stat().st_ino == inode


@pytest.mark.parametrize(
    "change",
    [
        lambda path: (path / "index.json").write_text("[]"),
        lambda path: (path / "blobs/sha256/00").unlink(),
        lambda path: (path / "blobs/sha256/01").touch(),
        lambda path: (path / "index.json").chmod(0o444),
        lambda path: (path / "blobs/sha256/00").unlink() or (path / "blobs/sha256/00").mkdir(),
    ],
)
def test_folders_are_the_same_when_all_in_them_is(tmp_path, change):
    first, second = layout(tmp_path / "first"), layout(tmp_path / "second")
    assert files.same(first, second)
    change(second)
    assert not files.same(first, second)
    assert not files.same(first, tmp_path / "missing")
    assert not files.same(first, first / "index.json")


def test_times_count_where_they_are_asked_for(tmp_path):
    first, second = layout(tmp_path / "first"), layout(tmp_path / "second")
    for each in first, second:
        for path in each.rglob("*"):
            os.utime(path, (1, 1))
    assert files.same(first, second, times=True)
    os.utime(second / "index.json", (2, 2))
    assert files.same(first, second)
    assert not files.same(first, second, times=True)


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    staged = tmp_path / "staged"
    staged.write_text("x")
    with pytest.raises(PlanError, match=r"final cannot be written: (No such file|.*\b[Pp]ath\b)"):
        files.place(staged, tmp_path / "missing/final")
    assert staged.read_text() == "x"


def test_a_fingerprint_is_of_all_that_is_in_a_folder(tmp_path):
    found = {files.fingerprint(tmp_path / "missing"): "nothing"}
    folder = layout(tmp_path / "folder")
    for change in ("made", "text", "name", "empty"):
        if change == "text":
            (folder / "index.json").write_text("[]")
        elif change == "name":
            (folder / "index.json").rename(folder / "index.txt")
        elif change == "empty":
            (folder / "blobs/sha256/00").write_text("")
        found[files.fingerprint(folder)] = change
    assert len(found) == 5
    assert files.fingerprint(layout(tmp_path / "again")) in found
    assert files.fingerprint(folder / "index.txt") == files.sha256(folder / "index.txt")
