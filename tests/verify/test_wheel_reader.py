"""Locators that are not ours are refused soon, and in little memory."""

from __future__ import annotations

import resource
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.errors import AuditError
from hatch_multiarch.verify.wheel_reader import LOCATOR, open_wheel

if TYPE_CHECKING:
    from pathlib import Path

HEAD = b"_HELPERS: dict = "
MODULE = "_x_helpers/__init__.py"
LOCATORS = {
    "dashes": (HEAD + b"-" * 500_000 + b"1\n", f"{MODULE} is larger than 256 KiB"),
    "dashes that are small": (HEAD + b"-" * 200_000 + b"1\n", "has no table of helpers"),
    "dashes elsewhere": (b"x = " + b"-" * 200_000 + b"1\n" + HEAD + b"{}\n", "has no table"),
    "brackets": (HEAD + b"(" * 200_000 + b"\n", "has no table of helpers"),
    "a long sum": (HEAD + b"1+" * 100_000 + b"1\n", "has no table of helpers"),
    "a long path": (HEAD + b"a." * 100_000 + b"a\n", "has no table of helpers"),
    "many rows": (HEAD + b"{" + b"'a':('package','b')," * 400_000 + b"}\n", "larger than 256"),
    "as many rows as may be": (HEAD + b"{" + b"'a':1," * 43_000 + b"}\n", "has no table"),
    "no Python": (b"\0", "has no table of helpers"),
}


@pytest.mark.parametrize("name", LOCATORS)
def test_a_locator_of_someone_else_costs_little(tmp_path: Path, name: str) -> None:
    source, said = LOCATORS[name]
    assert len(source) <= LOCATOR or "larger" in said
    path = tmp_path / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(MODULE, source)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    with pytest.raises(AuditError, match=said), open_wheel(path):
        pass
    assert time.process_time() - begun < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10
