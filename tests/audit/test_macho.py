"""Universal Mach-O files that were built elsewhere, and what is said of wrong ones."""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING

import pytest
from real_binaries import go_programs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
CPU = {"darwin/amd64": (0x01000007, 3), "darwin/arm64": (0x0100000C, 0)}
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


def universal(programs: dict[str, Path], *, wide: bool = False) -> bytes:
    """Join thin Mach-O files as lipo does (<mach-o/fat.h>); *wide*: with offsets of 64 bits."""
    form, align = (">2I2Q2I", 14) if wide else (">5I", 14)
    head = struct.pack(">2I", 0xCAFEBABF if wide else 0xCAFEBABE, len(programs))
    body = b""
    for name, path in programs.items():
        body += b"\0" * (-(len(body)) % (1 << align))
        words = (*CPU[name], (1 << align) + len(body), path.stat().st_size, align)
        head += struct.pack(form, *words, *([0] if wide else []))
        body += path.read_bytes()
    return head.ljust(1 << align, b"\0") + body


@pytest.mark.slow
def test_a_universal_file_is_the_program_of_each_processor_in_it(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    thin = go_programs(tmp_path, CPU)
    root, made = tmp_path / "project", tmp_path / "project/made/greet"
    for folder in (made.parent, root / "greeter"):
        folder.mkdir(parents=True)
    (root / "greeter/__init__.py").touch()
    (root / "pyproject.toml").write_text(PYPROJECT)
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
    assert f"{key} darwin/arm64, is not an executable: it is cut off" in run(
        *BUILD, cwd=root, code=6
    )
    made.write_bytes(thin["darwin/amd64"].read_bytes())
    said = run(*BUILD, cwd=root, code=6)
    assert f"{key} darwin/arm64, is a program for darwin/amd64, but it is meant for" in said
    assert not list(root.glob("dist/*"))
