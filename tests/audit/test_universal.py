"""Universal Mach-O files: those of our own, others that were built elsewhere, and wrong ones."""

from __future__ import annotations

import json
import struct
import sys
from typing import TYPE_CHECKING

import lief
import pytest
from real_binaries import FAT_CPUS, go_programs, universal

from hatch_multiarch.audit import read
from hatch_multiarch.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

pytestmark = pytest.mark.slow

BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "greeter"
version = "1"

[tool.hatch.build.targets.wheel.hooks.multiarch]

[tool.multiarch]
platforms = ["darwin/amd64", "darwin/arm64"]

[tool.multiarch.helpers.greet]
prebuilt = "made/greet"
"""


@pytest.fixture(scope="module")
def thin(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return go_programs(tmp_path_factory.mktemp("thin"), FAT_CPUS)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for folder in ("made", "greeter", "helpers/greet"):
        (root / folder).mkdir(parents=True)
    (root / "greeter/__init__.py").touch()
    (root / "pyproject.toml").write_text(PYPROJECT)
    return root


def test_a_universal_file_is_the_program_of_each_processor_in_it(
    thin: dict[str, Path], project: Path, run: Callable[..., Ran]
) -> None:
    root, made = project, project / "made/greet"
    for wide in (False, True):
        made.write_bytes(universal(thin, wide=wide))
        run(*BUILD, cwd=root)
        names = sorted(path.name for path in root.glob("dist/*.whl"))
        assert [name.rpartition("_")[2] for name in names] == ["arm64.whl", "64.whl"]
        assert all("macosx_13_0" in name for name in names), "Go's own stamp, of each part"
        run(sys.executable, "-m", "hatch_multiarch", "verify", root / "dist")
        for path in root.glob("dist/*.whl"):
            path.unlink()
    key = "tool.multiarch.helpers.greet.prebuilt: made/greet, for"
    made.write_bytes(universal({"darwin/arm64": thin["darwin/arm64"]}))
    said = run(*BUILD, cwd=root, code=6)
    assert (
        f"{key} darwin/amd64, is not an executable: it is a universal (fat) Mach-O file with "
        "programs for arm64, and none for amd64\n"
    ) in said
    made.write_bytes(universal(thin)[:-1000])
    assert f"{key} darwin/arm64, is not an executable: it is truncated" in run(
        *BUILD, cwd=root, code=6
    )
    made.write_bytes(thin["darwin/amd64"].read_bytes())
    said = run(*BUILD, cwd=root, code=6)
    assert f"{key} darwin/arm64, is a program for darwin/amd64, but it is meant for" in said
    assert not list(root.glob("dist/*"))


def test_both_processors_are_compiled_once_and_joined(
    project: Path, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    """Alone, and beside the wheels of each processor; a prebuilt one of the same bytes does too."""
    helper = project / "helpers/greet"
    (helper / "go.mod").write_text("module example.com/greet\n\ngo 1.21\n")
    (helper / "main.go").write_text("package main\n\nfunc main() { println(`hello`) }\n")
    table = PYPROJECT.replace('prebuilt = "made/greet"', "smoke = []")
    bin_ = project / "build/multiarch/bin"
    built = {}
    for platforms in ('["darwin/universal2"]', '["darwin/arm64", "darwin/universal2"]'):
        text = table.replace('["darwin/amd64", "darwin/arm64"]', platforms)
        (project / "pyproject.toml").write_text(text)
        said = run(*BUILD, cwd=project)
        assert "Compiling 2 helper binaries" in said
        report = json.loads((project / "build/multiarch/greeter-1.json").read_text("utf-8"))
        built = {unit["platform"]: unit for unit in report["units"]}
        assert list(built) == json.loads(platforms)
        assert len(report["proof"]) == len(report["wheels"]) == len(built)
        verified = run(sys.executable, "-m", "hatch_multiarch", "verify", project / "dist")
        assert "needs macOS, this is" in verified
    whole = bin_ / "darwin-universal2/greet"
    before = whole.stat().st_mtime_ns
    run(*BUILD, cwd=project)
    assert whole.stat().st_mtime_ns == before, "nothing changed, so nothing is written"
    [name] = [each["file"] for each in report["wheels"] if each["platform"] == "darwin/universal2"]
    least = built["darwin/universal2"]["macos"].split(".")[0]
    assert name == f"greeter-1-py3-none-macosx_{least}_0_universal2.whl"

    # Another reader sees the programs that the other wheel has, byte for byte, at a page's start.
    fat = lief.MachO.parse(str(whole))
    programs = {each.header.cpu_type.name: each for each in fat}
    assert list(programs) == ["X86_64", "ARM64"]
    data = whole.read_bytes()
    for processor, folder, bits in (("X86_64", "darwin-amd64", 12), ("ARM64", "darwin-arm64", 14)):
        start = programs[processor].fat_offset
        same = (bin_ / folder / "greet").read_bytes()
        assert (start % (1 << bits), data[start : start + len(same)]) == (0, same)
    facts = read(whole, "universal2")
    assert [part.architecture for part in facts.parts] == ["amd64", "arm64"]
    assert (facts.signed, facts.parts[1].signed) == (False, True)

    (project / "made/greet").write_bytes(data)
    text = PYPROJECT.replace('["darwin/amd64", "darwin/arm64"]', '["darwin/universal2"]')
    (project / "pyproject.toml").write_text(text)
    first = (project / "dist" / name).read_bytes()
    run(*BUILD, cwd=project)
    assert (project / "dist" / name).read_bytes() == first
    (project / "made/greet").write_bytes(data[:-9] + b"x" * 9)
    said = run(*BUILD, cwd=project, code=6)
    assert "made/greet, for darwin/universal2, would not start on macOS: page" in said


def test_every_part_is_read_as_strictly_as_a_thin_file(
    thin: dict[str, Path], tmp_path: Path
) -> None:
    whole = universal(thin)
    [(_, _, amd64, _, _), (_, _, arm64, size, _)] = struct.iter_unpack(">5I", whole[8:48])
    row = 8 + 20  # of arm64
    wrong: dict[str, dict[int, bytes]] = {
        "its programs overlap": {row + 8: struct.pack(">I", amd64 + 0x4000)},
        r"its program for arm64 begins at \d+, which is not aligned to a page": {
            row + 8: struct.pack(">2I", arm64 + 0x1000, size - 0x1000)
        },
        "what it has for arm64 is a program for amd64": {
            8: whole[row : row + 8],
            row: whole[8:16],
        },
        "it has two programs for amd64": {row: whole[8:16]},
        "for amd64, 0x100000d, and universal2 has one for amd64 and arm64, and no other": {
            row: b"\1\0\0\x0d"
        },
        "page 7 was changed after it was signed": {arm64 + 7 * 4096: b"changed"},
        "its Mach-O type is 7": {amd64 + 12: b"\7"},
        "it claims 255 processors": {4: b"\0\0\0\xff"},
        "it is truncated": {row + 12: b"\x7f"},
    }
    path = tmp_path / "greet"
    for says, changes in wrong.items():
        data = bytearray(whole)
        for place, new in changes.items():
            data[place : place + len(new)] = new
        path.write_bytes(data)
        with pytest.raises(AuditError, match=says):
            read(path, "universal2")
    for wide in (False, True):
        path.write_bytes(universal(thin, wide=wide))
        assert [part.signed for part in read(path, "universal2").parts] == [False, True]
    path.write_bytes(universal({"darwin/arm64": thin["darwin/arm64"]}))
    with pytest.raises(AuditError, match="programs for arm64, and universal2 has one for amd64"):
        read(path, "universal2")
