"""The lasting copy of zig's library: made, checked, shared by builds, and done without."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.cache.build_cache import UNUSED
from hatch_multiarch.toolchain import find_zig, zig_env, zig_library

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.toolchain import Zig

FILES = {"std/std.zig": b"// std\n", "libc/musl/a, b.c": b"int a;\n" * 999, "empty.h": b""}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}


def installed(folder: Path, patch: pytest.MonkeyPatch, version: str = "0.99") -> Zig:
    """Install a small ziglang into *folder*, as pip does, and find it."""
    record = []
    for name, data in FILES.items():
        path = folder / "ziglang/lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        digest = urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        word = f'"ziglang/lib/{name}"' if "," in name else f"ziglang/lib/{name}"
        record.append(f"{word},sha256={digest},{len(data)}\n")
    (folder / "ziglang" / ("zig.exe" if sys.platform == "win32" else "zig")).touch()
    info = folder / f"ziglang-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ziglang\nVersion: {version}\n")
    (info / "RECORD").write_text("".join(record) + "ziglang/zig,,\n")
    patch.syspath_prepend(folder)
    return find_zig(f"=={version}")


def contents(library: Path) -> dict[str, bytes]:
    files = [path for path in library.rglob("*") if path.is_file()]
    return {path.relative_to(library).as_posix(): path.read_bytes() for path in files}


def test_two_installations_have_one_library(tmp_path, monkeypatch, env):
    said = []
    first = zig_library(installed(tmp_path / "one", monkeypatch), env, said.append)
    assert contents(first) == FILES
    assert said == ["zig 0.99: its library is copied into the cache", ""]
    before = (first / "std/std.zig").stat()
    assert zig_library(installed(tmp_path / "two", monkeypatch), env, said.append) == first
    assert len(said) == 2
    assert (first / "std/std.zig").stat().st_ino == before.st_ino  # zig looks at that
    other = zig_library(installed(tmp_path / "three", monkeypatch, "0.98"), env)
    assert other != first
    assert {each.name for each in (tmp_path / "cache/hatch-multiarch/zig").iterdir()} == {
        first.parent.name,
        other.parent.name,
    }


@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_a_damaged_library_is_made_anew(tmp_path, monkeypatch, env, damage):
    zig = installed(tmp_path / "one", monkeypatch)
    library = zig_library(zig, env)
    if damage == "lost":
        (library / "std/std.zig").unlink()
    else:
        (library / "std/std.zig").write_bytes(b"")
    hours_ago = time.time() - 7200
    os.utime(library.parent, (hours_ago, hours_ago))
    assert zig_library(zig, env) == library
    assert contents(library) == FILES
    os.utime(library.parent, (hours_ago, hours_ago))
    zig_library(zig, env)
    assert library.parent.stat().st_mtime > hours_ago + 3600  # it was used


def test_what_the_wheel_did_not_bring_is_not_taken(tmp_path, monkeypatch, env):
    zig = installed(tmp_path / "one", monkeypatch)
    (tmp_path / "one/ziglang/lib/std/std.zig").write_bytes(b"// STD\n")
    assert zig_library(zig, env) is None
    assert list((tmp_path / "cache/hatch-multiarch/zig").iterdir()) == []
    for path in (tmp_path / "one").glob("*.dist-info/RECORD"):
        path.write_text("")
    assert zig_library(find_zig("==0.99"), env) is None


def test_paths_of_the_library_are_mapped_unless_they_have_spaces(tmp_path, monkeypatch, env):
    zig = installed(tmp_path / "one", monkeypatch)
    own, lasting = zig.path.parent / "lib", zig_library(zig, env)
    words = "# x-gcodeview +-ffile-prefix-map={}=/zig/lib"
    assert zig_env(zig, None) == {"CCC_OVERRIDE_OPTIONS": words.format(own)}
    assert zig_env(zig, lasting) == {
        "ZIG_LIB_DIR": str(lasting),
        "CCC_OVERRIDE_OPTIONS": words.format(lasting),
    }
    spaced = tmp_path / "a folder/lib"
    assert zig_env(zig, spaced) == {
        "ZIG_LIB_DIR": str(spaced),
        "CCC_OVERRIDE_OPTIONS": "# x-gcodeview",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="its fake zig is a shell script")
def test_the_zig_of_the_machine_keeps_its_own(tmp_path, monkeypatch, env):
    script = tmp_path / "zig"
    script.write_text(
        "#!/bin/sh\ncase $1 in env) echo '.lib_dir = \"/opt/zig/lib\",' ;; *) echo 0.97.0 ;; esac\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    zig = find_zig("==0.97.0")
    assert zig_library(zig, env) is None
    options = "# x-gcodeview +-ffile-prefix-map=/opt/zig/lib=/zig/lib"
    assert zig_env(zig, None) == {"CCC_OVERRIDE_OPTIONS": options}
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch, env):
    zig = installed(tmp_path / "one", monkeypatch)
    (tmp_path / "cache/hatch-multiarch").mkdir(parents=True)
    (tmp_path / "cache/hatch-multiarch/zig").touch()  # root may write anywhere but below a file
    assert zig_library(zig, env) is None


def test_builds_at_the_same_time_agree(tmp_path, monkeypatch, env):
    zig, found = installed(tmp_path / "one", monkeypatch), []
    threads = [
        threading.Thread(target=lambda: found.append(zig_library(zig, env))) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 8
    [library] = set(found)
    assert contents(library) == FILES
    assert list(library.parent.parent.iterdir()) == [library.parent]


def test_what_nobody_used_for_a_month_is_removed(tmp_path, monkeypatch, env):
    old = zig_library(installed(tmp_path / "one", monkeypatch), env)
    months_ago = time.time() - UNUSED - 7200
    os.utime(old.parent, (months_ago, months_ago))
    new = zig_library(installed(tmp_path / "two", monkeypatch, "0.98"), env)
    assert list(new.parent.parent.iterdir()) == [new.parent]
