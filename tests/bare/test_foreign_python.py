"""The foreign root is what it says: another architecture's Python, pip and child processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from foreign_root import ForeignRoot

pytestmark = [pytest.mark.witness, pytest.mark.slow, pytest.mark.network]


def test_its_python_is_foreign(arm64_root: ForeignRoot):
    code = "import platform, struct; print(platform.machine(), struct.calcsize('P') * 8)"
    assert arm64_root.python("-c", code) == "aarch64 64\n"


def test_what_it_starts_is_foreign_too(arm64_root: ForeignRoot):
    child = "import platform; print(platform.machine())"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    assert arm64_root.python("-c", code) == "aarch64\n"


def test_its_own_pip_runs(arm64_root: ForeignRoot):
    assert "from /usr/lib/python3/dist-packages/pip" in arm64_root.python("-m", "pip", "--version")


def test_its_pip_takes_wheels_of_its_platform_only(arm64_root: ForeignRoot):
    wheel = arm64_root.path / "tmp/x-1-py3-none-manylinux_2_17_x86_64.whl"
    wheel.touch()
    said = arm64_root.python("-m", "pip", "install", "--no-index", f"/tmp/{wheel.name}", code=1)  # noqa: S108 - of the root
    assert "is not a supported wheel on this platform" in said


def test_its_exit_codes_come_through(arm64_root: ForeignRoot):
    arm64_root.python("-c", "raise SystemExit(7)", code=7)


def test_nothing_of_this_machine_is_seen(arm64_root: ForeignRoot):
    code = f"import os; print(os.path.exists({str(Path(__file__))!r}))"
    assert arm64_root.python("-c", code) == "False\n"
