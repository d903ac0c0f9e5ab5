"""The one gate to other programs: argument lists only, never a shell.

Every process this package starts passes through ``run``, so a test that forbids processes has
one name to replace, and no user text can ever be parsed by a shell.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Finished:
    """How a process ended: its exit code, and standard output and error as text."""

    code: int
    out: str
    err: str


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> Finished:
    """Run *command* to its end and return what it said; a non-zero code is not an error here.

    ``timeout`` is in seconds. Raises OSError when the program cannot be started and
    subprocess.TimeoutExpired when it outlives its time.
    """
    done = subprocess.run(  # noqa: PLW1510 - the code is the caller's to judge
        [str(part) for part in command],
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
