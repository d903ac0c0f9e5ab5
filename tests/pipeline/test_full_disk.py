"""A folder that takes no writes is named, with what is wrong with it, and all stays as it was.

Folders are small file systems of their own, which only root can mount.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import kills
import pytest
from support import clean_env

from hatch_multiarch.cli import main

FULL, INODES, READ_ONLY = "the disk is full", "out of inodes", "read-only"
DIST, OUTPUT = "dist", "build/multiarch"
KIB = 1 << 10


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """Return a project that is built, and configured to ship another helper."""
    root = tmp_path_factory.mktemp("full") / "old"
    root.mkdir()
    kills.helpers(root)
    kills.configure(root, "1.0", "1.0")
    status, _, said = kills.built(root)
    assert status == 0, said
    kills.configure(root, "2.0", "1.0")
    return root


@pytest.fixture
def project(old, tmp_path):
    return Path(shutil.copytree(old, tmp_path / "hello", symlinks=True))


@pytest.fixture
def small():
    """Return a function that makes a folder a file system with little room."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    if shutil.which("mount") is None:
        pytest.skip("there is no program mount")
    mounted = []

    def small(folder, *, room=None, inodes=None, read_only=False):
        folder.mkdir(parents=True, exist_ok=True)
        saved = folder.with_name(f"{folder.name}.saved")
        shutil.copytree(folder, saved, symlinks=True)
        used = 1 + len(list(saved.rglob("*")))
        limit = f",nr_inodes={used + inodes}" if inodes is not None else ""
        words = ["mount", "-t", "tmpfs", "-o", f"size=32m{limit}", "tmpfs", folder]
        if subprocess.run(words, check=False, capture_output=True).returncode:
            pytest.skip("this machine mounts nothing")
        mounted.append(folder)
        shutil.copytree(saved, folder, symlinks=True, dirs_exist_ok=True)
        if room is not None:
            free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize
            (folder / ".fill").write_bytes(bytes(free - room))
        if read_only:
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)

    yield small
    for each in mounted:
        subprocess.run(["umount", each], check=True)


def one_line(said, *parts):
    assert "Traceback" not in said, said
    [line] = [line for line in said.splitlines() if line.startswith("error:")]
    assert all(part in line for part in parts), said
    assert "hint: " in said


@pytest.mark.parametrize(
    ("where", "how", "says"),
    [
        *((DIST, {"room": room * KIB}, FULL) for room in (0, 100, 600)),
        *((DIST, {"inodes": left}, INODES) for left in (0, 1, 2, 4)),
        (DIST, {"read_only": True}, READ_ONLY),
        *((OUTPUT, {"room": room * KIB}, FULL) for room in (0, 1200, 2000, 2800)),
        *((OUTPUT, {"inodes": left}, INODES) for left in (0, 2, 5, 9, 14)),
        (OUTPUT, {"read_only": True}, READ_ONLY),
    ],
)
def test_a_build_names_the_folder_and_what_is_full(project, small, where, how, says):
    small(project / where, **how)
    before = kills.outputs(project)
    status, _, said = kills.built(project)
    assert os.waitstatus_to_exitcode(status) == 3
    one_line(said, f"nothing can be written to {project / where}", says)
    assert kills.outputs(project) == before
    assert {each.name for each in (project / where).glob(".*")} <= {".fill", ".gitignore"}


@pytest.mark.parametrize(
    ("cache", "how", "says"),
    [
        ("cache/go-build", {"room": 0}, FULL),  # Go: "cannot find package"
        ("cache/go-build", {"inodes": 40}, INODES),
        ("tmp", {"room": 300 * KIB}, FULL),
    ],
)
def test_what_go_cannot_write_to_is_named(project, small, tmp_path, cache, how, says):
    (tmp_path / "tmp").mkdir()
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text().replace('prebuilt = "prebuilt/2.0/{arch}"', 'source = "."')
    pyproject.write_text(text)
    (project / "go.mod").write_text("module example.com/greet\n\ngo 1.21\n")
    small(tmp_path / cache, **how)
    before = kills.outputs(project)
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path / "tmp")}
    env |= {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64"}
    if cache == "tmp":
        del env["XDG_CACHE_HOME"]  # the machine's own cache has the standard library
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=project, env=clean_env(**env), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 5
    one_line(done.stderr, "greet linux/amd64", str(tmp_path / cache), says)
    assert kills.outputs(project) == before


@pytest.mark.parametrize("cache", ["room", "inodes", "read_only"])
def test_our_own_cache_may_be_full(project, small, tmp_path, monkeypatch, cache):
    """It only saves time."""
    small(tmp_path / "cache", **{cache: cache == "read_only"})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = kills.outputs(project)
    status, _, said = kills.built(project)
    assert status == 0, said
    assert kills.outputs(project).keys() == before.keys()
    assert kills.outputs(project) != before


def test_commands_name_it_too(project, small, tmp_path, monkeypatch, capsys):
    small(project / OUTPUT, inodes=0)
    monkeypatch.chdir(project)
    assert main(["report"]) != 0
    one_line(capsys.readouterr().err, str(Path(OUTPUT)), INODES)
    monkeypatch.setenv("HATCH_MULTIARCH_ENGINE", "host")
    small(tmp_path / "dist", read_only=True)
    assert main(["build", "-d", str(tmp_path / "dist")]) == 3
    one_line(capsys.readouterr().err, str(tmp_path / "dist"), READ_ONLY)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(
    ("how", "says"),
    [({"room": 0}, FULL), ({"inodes": 0}, INODES), ({"read_only": True}, READ_ONLY)],
)
@pytest.mark.parametrize(
    ("frontend", "hook"), [("hatch", "targets.wheel.hooks"), ("hatchling", "hooks")]
)
def test_it_is_named_before_hatchlings_sdist(project, small, links, frontend, hook, how, says):
    config = project / "pyproject.toml"
    config.write_text(config.read_text().replace("targets.wheel.hooks", hook))
    small(project / DIST, **how)
    before = kills.outputs(project)
    done = subprocess.run(
        [sys.executable, "-m", frontend, "build"],
        cwd=project, env=clean_env(**links), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    one_line(done.stdout + done.stderr, f"nothing can be written to {project / DIST}", says)
    assert kills.outputs(project) == before
