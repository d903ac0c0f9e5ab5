"""What a killed process has left is removed, and what a running one uses is not."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import time

import pytest

from hatch_multiarch import files
from hatch_multiarch.errors import PlanError
from hatch_multiarch.files import held_folders, write_errors

HOLDING = """\
import sys, time
from pathlib import Path
from hatch_multiarch import files
print(files.stage(Path(sys.argv[1])).name, flush=True)
with files.temporary() as folder:
    (folder / "deep").mkdir()
    print(folder.name, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return the folder for temporary files of this test and what it starts."""
    home = tmp_path / "tmp"
    home.mkdir()
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return home


def names(*folders):
    return sorted(each.name for folder in folders for each in folder.iterdir())


def test_only_the_folders_of_a_dead_process_are_swept(home, tmp_path):
    dist = tmp_path / "dist"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, dist], stdout=subprocess.PIPE, text=True
    ) as child:
        used = sorted(child.stdout.readline().strip() for _ in range(2))
        files.sweep_temporary()
        files.unstage(dist)
        assert names(home, dist) == used
        child.kill()
    files.sweep_temporary()
    files.unstage(dist)
    assert names(home, dist) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a file of it is open there from the first")
def test_a_sweep_that_was_faster_takes_nothing_from_a_build(home, monkeypatch):
    """Between making a folder and locking it, the sweep of another build may remove it."""
    make = tempfile.mkdtemp
    swept = []

    def mkdtemp(**words):
        made = make(**words)
        if not swept:
            files.sweep_temporary()
            swept.append(made)
        return made

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    with files.temporary() as folder:
        assert not os.path.lexists(swept[0])
        assert names(home) == [folder.name]


def test_a_process_that_ends_leaves_nothing(home, tmp_path):
    script = HOLDING.replace("time.sleep(60)", "")
    subprocess.run([sys.executable, "-c", script, tmp_path / "dist"], check=True)
    assert names(home, tmp_path / "dist") == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there, folders have no lock")
def test_what_is_not_ours_stays(home, tmp_path, monkeypatch):
    (home / f"{write_errors.TEMPORARY}file").write_text("a file")
    (home / f"{write_errors.TEMPORARY}link").symlink_to(tmp_path)
    (home / "hatch-multiarch-cache-0").mkdir()
    before = names(home)
    (home / f"{write_errors.TEMPORARY}theirs").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    files.sweep_temporary()
    assert names(home) == sorted([*before, f"{write_errors.TEMPORARY}theirs"])
    monkeypatch.undo()
    held_folders.sweep(home, write_errors.TEMPORARY)
    assert names(home) == before


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no lock there")
def test_where_nothing_can_be_locked_age_decides(home, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.EBADF, "no locks")

    monkeypatch.setattr(held_folders.fcntl, "flock", no_locks)
    with files.temporary() as used:
        left = home / f"{write_errors.TEMPORARY}left"
        left.mkdir()
        os.utime(left, (time.time() - 2 * held_folders.UNLOCKED,) * 2)
        files.sweep_temporary()
        assert names(home) == [used.name]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EROFS, "the file system is read-only"),
    ],
)
def test_a_write_that_fails_names_its_folder(tmp_path, code, says):
    with pytest.raises(PlanError) as caught, files.refused(tmp_path):  # noqa: PT012 - nested blocks
        staged = files.stage(tmp_path)
        with files.writing(staged / "file"):
            raise OSError(code, "as the system says it")
    assert caught.value.message == f"nothing can be written to {tmp_path}: {says}"
    with pytest.raises(PlanError, match=r"[/\\]elsewhere: "), files.refused(tmp_path):
        raise OSError(code, "as the system says it", "/elsewhere/file")


def test_what_is_no_refusal_to_write_stays_what_it_is(tmp_path):
    with pytest.raises(FileNotFoundError), files.refused(tmp_path):
        (tmp_path / "missing").read_text()
    with pytest.raises(PermissionError), files.refused(tmp_path):
        raise OSError(errno.EACCES, "of a file that is read")
