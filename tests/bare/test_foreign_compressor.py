"""Wheels and layers are the same bytes on every machine: libdeflate on arm64 and here."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from foreign_root import ForeignRoot

pytestmark = [pytest.mark.witness, pytest.mark.slow, pytest.mark.network]

PROGRAM = """
import hashlib, random, deflate
data = random.Random(3).randbytes(40_000)
data = bytes(data[each % 40_000] & (each >> 7 | 15) & 255 for each in range(300_000))
print(hashlib.sha256(deflate.deflate_compress(data, 6)).hexdigest())
"""


def test_another_processor_writes_the_same_bytes(arm64_root: ForeignRoot, tmp_path: Path) -> None:
    here = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    ).stdout
    assert len(here.strip()) == 64
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", tmp_path]
    download += ["--only-binary=:all:", "--python-version=3.11", "--implementation=cp"]
    download += [f"--platform=manylinux_2_{each}_aarch64" for each in (17, 28)]
    subprocess.run([*download, f"deflate=={version('deflate')}"], check=True)
    [wheel] = tmp_path.glob("*.whl")
    arm64_root.install(wheel)
    assert arm64_root.python("-c", PROGRAM) == here
