"""How much an unchanged `hatchling build` saves: the example, first and again, in one run.

    python benchmarks/rebuild.py

The first build has no cache of Go's or zig's; prints seconds and the ratio of the two.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "example_project"


def seconds(project: Path, caches: Path) -> float:
    """Return how long one `hatchling build` of *project* takes."""
    env = {**os.environ, "GOCACHE": str(caches / "go")}
    env |= {"ZIG_GLOBAL_CACHE_DIR": str(caches / "zig"), "ZIG_LOCAL_CACHE_DIR": str(caches / "zig")}
    begun = time.perf_counter()
    command = [sys.executable, "-m", "hatchling", "build"]
    subprocess.run(command, cwd=project, env=env, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        project, caches = Path(folder, "greeter"), Path(folder, "caches")
        shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("dist", "build", ".nox"))
        first = seconds(project, caches)
        again = min(seconds(project, caches) for _ in range(3))
    print(f"first build {first:.1f} s, unchanged {again:.1f} s: {first / again:.0f} times faster")


if __name__ == "__main__":
    main()
