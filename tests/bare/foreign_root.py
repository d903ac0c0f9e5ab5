"""A Debian root of another architecture whose own Python runs here, under QEMU."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
NEEDS = ("mmdebstrap", "proot", "qemu-aarch64-static")


@dataclass(frozen=True)
class ForeignRoot:
    """The root at *path*; nothing of this machine but /dev and /proc is seen from within."""

    path: Path
    qemu: str

    def run(self, *command: str, code: int = 0) -> str:
        """Run a program of the root, and return what it printed; *code* is the expected one."""
        done = subprocess.run(
            [
                *("proot", "-q", self.qemu, "-r", str(self.path), "-0", "-w", "/"),
                *("-b", "/dev", "-b", "/proc", *command),
            ],
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": "/root",
                "LANG": "C.UTF-8",
                # The root is there for this: no environment in it to protect from pip.
                "PIP_BREAK_SYSTEM_PACKAGES": "1",
                "PIP_ROOT_USER_ACTION": "ignore",
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"$ {' '.join(command)}\n{done.stdout}"
        return done.stdout

    def python(self, *words: str, code: int = 0) -> str:
        """Run the root's Python."""
        return self.run("/usr/bin/python3", *words, code=code)

    def install(self, wheel: Path) -> str:
        """Install *wheel*, and nothing from an index, with the root's own pip."""
        inside = self.path / "tmp" / wheel.name
        shutil.copy(wheel, inside)
        return self.python("-m", "pip", "install", "--no-index", f"/tmp/{inside.name}")  # noqa: S108 - of the root


def make_arm64_root(folder: Path) -> ForeignRoot:
    """Make a fresh arm64 root in the new *folder*, or skip where the programs are missing."""
    missing = [program for program in NEEDS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)} (.ci/packages)")
    subprocess.run([REPOSITORY / ".ci/foreign-root", "arm64", folder], check=True)
    return ForeignRoot(folder, "qemu-aarch64-static")
