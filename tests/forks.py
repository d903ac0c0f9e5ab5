"""``python -m MODULE`` in a process forked from one that has imported what most of them import.

Imports are half of the time of a small build. With ``pytest --fork``, tests leave them out, but for
those in tests/end_to_end, where each build starts a Python of its own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import hatch_multiarch

MODULES = {"hatch_multiarch", "hatchling"}
IMPORTED = ["hatchling.cli", "hatchling.builders.sdist", "hatchling.builders.wheel"]
FIXED = ("LANG", "LC_", "LD_", "PYTHON", "TZ")
"""How the names of variables begin that Python or its libraries read once, when they start."""


class Forks:
    """A server of such processes, one at a time."""

    def __init__(self, env: dict[str, str]) -> None:
        self._fixed = fixed(env)
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """Stop the server."""
        self._server.communicate()

    def can(self, command: list[str], env: dict[str, str]) -> bool:
        """Tell whether *command* would do the same as a fork as in a Python of its own."""
        return (
            command[:2] == [sys.executable, "-m"]
            and command[2] in MODULES
            and fixed(env) == self._fixed
        )

    def run(self, command: list[str], cwd: Path | None, env: dict[str, str]) -> tuple[int, str]:
        """Run *command*; return its exit code, as subprocess does, and all that it wrote."""
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as out:
            job = {"words": command[2:], "cwd": str(cwd or Path.cwd()), "env": env, "out": out.name}
            assert self._server.stdin
            assert self._server.stdout
            self._server.stdin.write(f"{json.dumps(job)}\n")
            self._server.stdin.flush()
            return int(self._server.stdout.readline()), out.read()


def fixed(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(FIXED)}


def serve() -> dict[str, Any] | None:
    """Fork for each line of stdin; return its job in the new process, and None at the end."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            job: dict[str, Any] = json.loads(line)
            return job
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return None


def become(job: dict[str, Any]) -> None:
    """Be what ``python -m`` would be with the folder, variables and streams of *job*."""
    nothing, out = os.open(os.devnull, os.O_RDONLY), os.open(job["out"], os.O_WRONLY)
    for number, stream in ((0, nothing), (1, out), (2, out)):
        os.dup2(stream, number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the other has read ahead
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    sys.argv[:] = job["words"]
    sys.path[0] = job["cwd"]
    runpy.run_module(job["words"][0], run_name="__main__", alter_sys=True)


def main() -> None:
    ours = pkgutil.walk_packages(hatch_multiarch.__path__, "hatch_multiarch.")
    for name in [*IMPORTED, *(each.name for each in ours)]:
        if not name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # of another system, or an extra
                importlib.import_module(name)
    gc.freeze()
    if job := serve():
        become(job)


if __name__ == "__main__":
    main()
