"""Prebuilt binaries out of archives that nobody vouches for, and checked against checksums."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from support import need

from hatch_multiarch.config import read_table
from hatch_multiarch.engine import prebuilt
from hatch_multiarch.engine.prebuilt import contents, take
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan import Project, Switches, Unit, make_plan
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

WHERE = "tool.multiarch.helpers.shout"


def entry(name: str, data: bytes = b"binary", **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    """Return an entry of a tar; one with another type than a file has no data."""
    found = tarfile.TarInfo(name)
    found.size = 0 if "type" in more else len(data)
    for key, value in more.items():
        setattr(found, key, value)
    return found, data


def tar(*entries: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for found, data in entries:
            archive.addfile(found, io.BytesIO(data[: found.size]))
    return made.getvalue()


def zipped(*entries: tuple[str, bytes], mode: int = 0o100755, method: int = 8) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, method
            archive.writestr(info, data)
    return made.getvalue()


def unit(root: Path, archive: str, data: bytes, member: str = "", sums: str | None = None) -> Unit:
    """Return the unit of a helper whose binary is in *archive*, as a plan has it."""
    (root / archive).write_bytes(data)
    helper = {"prebuilt": archive, **({"member": member} if member else {})}
    if sums is not None:
        (root / "sums.txt").write_text(sums)
        helper["checksums"] = "sums.txt"
    table = {"platforms": ["linux/arm64"], "helpers": {"shout": helper}}
    project = Project(root, "shout", "1.2.0", {})
    [made] = make_plan(project, read_table(table), "all", Switches()).units
    return made


FILE = entry("shout")
LICENSE = entry("LICENSE", b"MIT")
LINK = {"type": tarfile.SYMTYPE, "linkname": "real"}
HARD = {"type": tarfile.LNKTYPE, "linkname": "real"}


@pytest.mark.parametrize(
    ("archive", "data", "member"),
    [
        ("a.tar.gz", tar(LICENSE, FILE), ""),
        ("a.tgz", tar(FILE), "shout"),
        ("a.TAR", tar(FILE, mode="w"), ""),
        ("a.tar.gz", tar(entry("./shout")), ""),
        ("a.tar.gz", tar(entry("shout_1.2.0/shout")), "shout_{version}/{file}"),
        ("a.zip", zipped(("LICENSE", b"MIT"), ("shout", b"binary")), ""),
        ("a.zip", zipped(("x/", b""), ("x/shout", b"binary")), "x/{name}"),
        ("a.zip", zipped(("./shout", b"binary"), method=0), ""),
        ("a.zip", zipped(("shout", b"binary"), mode=0), ""),
    ],
    ids=lambda each: "data" if isinstance(each, bytes) else None,  # gzip holds the time
)
def test_a_member_of_an_archive(tmp_path: Path, archive: str, data: bytes, member: str) -> None:
    made = unit(tmp_path, archive, data, member)
    first, again = take(made), take(made)
    assert first.path.read_bytes() == b"binary"
    assert os.access(first.path, os.X_OK)
    assert (first.sha256, first.size) == (hashlib.sha256(b"binary").hexdigest(), 6)
    assert (first.cached, again.cached, first.compiler) == (False, True, "prebuilt")
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([archive, "build"])


def bomb(size: int) -> bytes:
    """Return a tar behind gzip that unpacks to more than *size* bytes before its member."""
    return tar(entry("zeros", bytes(size)), FILE)


ENCRYPTED = bytearray(zipped(("shout", b"binary")))
ENCRYPTED[6] |= 1
ENCRYPTED[ENCRYPTED.index(b"PK\1\2") + 8] |= 1
DAMAGED = zipped(("shout", b"binary"), method=0).replace(b"binary", b"brnary", 1)
MANY = [entry(f"{number}/shout") for number in range(9)]


@pytest.mark.parametrize(
    ("archive", "data", "says"),
    [
        ("a.tar.gz", tar(entry("real"), entry("shout", **LINK)), "shout is a link"),
        ("a.tar.gz", tar(entry("real"), entry("shout", **HARD)), "shout is a link"),
        ("a.tar.gz", tar(entry("shout", linkname="/etc/passwd", type=b"2")), "shout is a link"),
        ("a.tar.gz", tar(entry("../shout")), "no file shout in it; it has ../shout"),
        ("a.tar.gz", tar(entry("/shout")), "no file shout in it; it has /shout"),
        ("a.tar.gz", tar(LICENSE, entry("x/shout")), "no file shout in it; it has x/shout"),
        ("a.tar.gz", tar(LICENSE), "no file shout in it; it has LICENSE"),
        ("a.tar.gz", tar(*MANY), "it has 0/shout, 1/shout, 2/shout, 3/shout, 4/shout and 4 more"),
        ("a.tar.gz", tar(entry("shout", type=tarfile.DIRTYPE)), "no file shout in it; it has none"),
        ("a.tar.gz", tar(entry("shout", type=tarfile.FIFOTYPE)), "no file shout in it"),
        ("a.tar.gz", tar(FILE, FILE), "shout is in the archive twice"),
        ("a.tar.gz", tar(*MANY, *(entry(f"{n}") for n in range(20))), "more than 20 entries"),
        ("a.tar.gz", bomb(1 << 21), "larger than 1048576 bytes when unpacked"),
        ("a.tar.gz", tar(FILE)[:60], "a.tar.gz: "),
        ("a.tar.gz", b"plain text", "not a readable tar archive"),
        ("a.tar.gz", b"", "a.tar.gz: "),
        ("a.tar", b"\x1f\x8b", "not a readable gzip archive"),
        ("a.zip", zipped(("real", b""), ("shout", b"real"), mode=0o120777), "shout is a link"),
        ("a.zip", zipped(("../shout", b"")), "no file shout in it; it has ../shout"),
        ("a.zip", zipped(("shout/", b"")), "no file shout in it; it has none"),
        ("a.zip", zipped(("shout", b""), ("shout", b"x")), "shout is in the archive twice"),
        ("a.zip", zipped(*((f"{n}", b"") for n in range(21))), "more than 20 entries"),
        ("a.zip", zipped(("shout", bytes(1 << 21))), "shout is larger than 1048576 bytes"),
        ("a.zip", zipped(("shout", b"x"), method=12), "shout is neither stored nor deflated"),
        ("a.zip", bytes(ENCRYPTED), "not a readable zip archive: "),
        ("a.zip", DAMAGED, "not a readable zip archive: Bad CRC-32"),
        ("a.zip", zipped(("shout", b"x"))[:-9], "not a readable zip archive: "),
        ("a.zip", tar(FILE), "not a readable zip archive: "),
    ],
    ids=lambda each: "data" if isinstance(each, bytes) else None,  # gzip holds the time
)
def test_archives_of_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archive: str, data: bytes, says: str
) -> None:
    monkeypatch.setattr(prebuilt, "LIMIT", 1 << 20)
    monkeypatch.setattr(prebuilt, "ENTRIES", 20)
    monkeypatch.setattr("hatch_multiarch.oci.tar_store.ENTRIES", 20)
    made = unit(tmp_path, archive, data)
    with pytest.raises(PlanError) as caught:
        take(made)
    assert caught.value.message.startswith(f"{WHERE}.prebuilt: {archive}: ")
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert not made.output.exists()


RIGHT = hashlib.sha256(b"data").hexdigest()
WRONG = hashlib.sha256(b"other").hexdigest()
BOTH = f"{RIGHT}  a/shout.bin\n{WRONG}  b/shout.bin\n"


@pytest.mark.parametrize(
    ("sums", "says"),
    [
        (f"{RIGHT}  shout.bin\n", ""),
        (f"{WRONG}  other\r\n{RIGHT.upper()} *dist/shout.bin\r\n", ""),
        (f"{WRONG}  shout.bin\n", f"shout.bin has the sha256 {RIGHT}, but sums.txt says {WRONG}"),
        (BOTH, f"sums.txt says {', '.join(sorted([RIGHT, WRONG]))}"),
        (f"{RIGHT}  shout.bin.sig\n", "sums.txt does not list shout.bin"),
        (f"{RIGHT}\n", "sums.txt has no line of sha256sum"),
        (f"{RIGHT * 2}  shout.bin\n", "sums.txt has no line of sha256sum"),
        ("", "sums.txt has no line of sha256sum"),
        ("\n" * (prebuilt.LIST + 1), "sums.txt is larger than 4096 KiB"),
    ],
)
def test_checksums(tmp_path: Path, sums: str, says: str) -> None:
    made = unit(tmp_path, "shout.bin", b"data", sums=sums)
    if not says:
        assert b"".join(contents(made)) == b"data"
        return
    with pytest.raises(PlanError) as caught:
        take(made)
    assert caught.value.message.startswith(f"{WHERE}.checksums: ")
    assert says in caught.value.message
    assert not made.output.exists()


def test_what_is_not_there_is_named_by_the_plan(tmp_path: Path) -> None:
    helper = {"prebuilt": "{name}_{version}_{os}_{arch}{variant}{archive}", "checksums": "sums"}
    names = ["linux/arm/v7", "windows/arm64"]
    config = read_table({"platforms": names, "helpers": {"shout": helper}})
    with pytest.raises(PlanError) as caught:
        make_plan(Project(tmp_path, "shout", "1.2.0", {}), config, "all", Switches())
    archive, sums = "has the binary for", "has the checksums for"
    assert caught.value.message.splitlines() == [
        f"{WHERE}.prebuilt: shout_1.2.0_linux_armv7.tar.gz is missing; it {archive} linux/arm/v7",
        f"{WHERE}.checksums: sums is missing; it {sums} linux/arm/v7",
        f"{WHERE}.prebuilt: shout_1.2.0_windows_arm64.zip is missing; it {archive} windows/arm64",
        f"{WHERE}.checksums: sums is missing; it {sums} windows/arm64",
    ]


PYPROJECT = """
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "shout"
version = "1.2.0"
[tool.hatch.build.targets.wheel]
bypass-selection = true
[tool.hatch.build.targets.wheel.hooks.multiarch]
[tool.multiarch]
platforms = ["linux/arm64", "windows/amd64"]
[tool.multiarch.helpers.shout]
prebuilt = "release/{name}_{version}_{os}_{arch}{archive}"
member = "{name}_{version}/{file}"
checksums = "release/checksums.txt"
install = "scripts"
"""


@pytest.mark.witness
def test_a_release_packed_by_tar_and_zip(tmp_path: Path, run: Callable[..., Ran]) -> None:
    """As GoReleaser makes one: a folder in each archive, and the sums of sha256sum."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "go.mod").write_text("module shout\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text('package main\n\nfunc main() { print("shout") }\n')
    release = tmp_path / "release"
    digests, folder = {}, release / "shout_1.2.0"
    for goos, goarch, name in (("linux", "arm64", "shout"), ("windows", "amd64", "shout.exe")):
        env = {**os.environ, "GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0"}
        words = [find_go("", "1.21").path, "build", "-trimpath", "-o", folder / name, "."]
        subprocess.run(words, cwd=tmp_path, env=env, check=True)
        digests[f"{goos}/{goarch}"] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        (folder / "README.md").write_text("# shout\n")
        archive = f"shout_1.2.0_{goos}_{goarch}"
        if goos == "linux":
            run(need("tar"), "czf", f"{archive}.tar.gz", folder.name, cwd=release)
        else:
            run(need("zip"), "-qr", f"{archive}.zip", folder.name, cwd=release)
        (folder / name).unlink()
    archives = sorted(path.name for path in release.glob("shout_*_*"))
    sums = run(need("sha256sum"), *archives, cwd=release).out
    (release / "checksums.txt").write_text(sums)
    cli = (sys.executable, "-m", "hatch_multiarch")
    assert "2 wheels" in run(*cli, "check", tmp_path).out
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    run(*build, cwd=tmp_path)
    run(*cli, "verify", tmp_path)
    report = json.loads((tmp_path / "build/multiarch/shout-1.2.0.json").read_text("utf-8"))
    units = {each["platform"]: each for each in report["units"]}
    assert {name: each["sha256"] for name, each in units.items()} == digests
    assert {each["compiler"] for each in units.values()} == {"prebuilt"}
    wheels = sorted((tmp_path / "dist").glob("*.whl"))
    found = set()
    for each in wheels:
        with zipfile.ZipFile(each) as opened:
            [member] = [name for name in opened.namelist() if "/scripts/" in name]
            found.add(digest := hashlib.sha256(opened.read(member)).hexdigest())
            [bill] = [name for name in opened.namelist() if "/sboms/" in name]
            assert {digest, "stdlib"} <= set(re.findall(r"[\w.]+", opened.read(bill).decode()))
    assert found == set(digests.values())
    before = {path: path.read_bytes() for path in wheels}
    wrong = sums.replace(sums[:8], "01234567", 1)
    for text, says in (
        (wrong, "checksums: shout_1.2.0_linux_arm64.tar.gz has the sha256 "),
        (sums.splitlines()[0], "checksums: checksums.txt does not list shout_1.2.0_windows_"),
    ):
        (release / "checksums.txt").write_text(text)
        assert f"tool.multiarch.helpers.shout.{says}" in run(*cli, "check", tmp_path, code=3).out
        said = run(*build, cwd=tmp_path, code=3).out
        assert f"tool.multiarch.helpers.shout.{says}" in said
        assert "Traceback" not in said
    assert {path: path.read_bytes() for path in (tmp_path / "dist").glob("*.whl")} == before
