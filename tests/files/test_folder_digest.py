"""The digest of a folder, as docs/reference/report.md defines it."""

from __future__ import annotations

import hashlib
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch import files

posix = pytest.mark.skipif(
    sys.platform == "win32", reason="links need rights there, and permissions are others"
)
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "image"
    (made / "usr/bin").mkdir(parents=True)
    (made / "usr/bin/greet").write_bytes(b"program")
    (made / "usr/bin/greet").chmod(0o755)
    (made / "usr/x").write_bytes(b"")
    (made / "usr/link").symlink_to("bin/greet")
    return made


def test_of_plain_files_it_is_the_same_on_every_system(tmp_path: Path) -> None:
    (tmp_path / "blobs/sha256").mkdir(parents=True)
    (tmp_path / "blobs/sha256/ab").write_bytes(b"blob")
    (tmp_path / "index.json").write_bytes(b"{}")
    blob, index = (hashlib.sha256(each).hexdigest() for each in (b"blob", b"{}"))
    lines = ["type 40000 blobs", "type 40000 blobs/sha256", f"{blob} 0 blobs/sha256/ab"]
    text = "".join(f"{each}\n" for each in [*lines, f"{index} 0 index.json"])
    assert files.folder_digest(tmp_path) == hashlib.sha256(text.encode()).hexdigest()


@posix
def test_it_is_that_of_the_list(folder: Path) -> None:
    program, empty = (hashlib.sha256(each).hexdigest() for each in (b"program", b""))
    lines = [
        "type 40000 usr",
        "type 40000 usr/bin",
        f"{program} 100 usr/bin/greet",
        "link bin/greet usr/link",
        f"{empty} 0 usr/x",
    ]
    text = "".join(f"{each}\n" for each in lines)
    assert files.folder_digest(folder) == hashlib.sha256(text.encode()).hexdigest()


@posix
def test_times_and_what_a_umask_decides_do_not_count(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy", symlinks=True, copy_function=shutil.copyfile)
    (tmp_path / "copy/usr/bin/greet").chmod(0o700)
    (tmp_path / "copy/usr/x").chmod(0o600)
    assert files.folder_digest(tmp_path / "copy") == files.folder_digest(folder)


@posix
@pytest.mark.parametrize(
    "change",
    [
        lambda f: (f / "usr/x").write_bytes(b"1"),
        lambda f: (f / "usr/x").rename(f / "usr/y"),
        lambda f: (f / "usr/x").chmod(0o744),
        lambda f: (f / "usr/bin/greet").chmod(0o4755),
        lambda f: (f / "usr/link").unlink(),
        lambda f: ((f / "usr/link").unlink(), (f / "usr/link").symlink_to("x")),
        lambda f: ((f / "usr/x").unlink(), (f / "usr/x").symlink_to("bin/greet")),
        lambda f: (f / "var").mkdir(),
        lambda f: ((f / "usr/x").unlink(), (f / "usr/x").mkdir()),
    ],
)
def test_everything_else_does(folder: Path, change: Callable[[Path], object]) -> None:
    before = files.folder_digest(folder)
    change(folder)
    assert files.folder_digest(folder) != before
