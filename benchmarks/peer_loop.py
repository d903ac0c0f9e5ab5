"""A bare loop: `go build` of modules for platforms, as many at once as there are processors.

    python benchmarks/peer_loop.py none|stored|deflated OUTPUT PLATFORM,PLATFORM MODULE ...

puts each program into OUTPUT, and beside it a zip of it unless told `none`. It is what
benchmarks/peers.py compares with: nothing is checked, read back or written down.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FLAGS = ("-trimpath", "-buildvcs=false", "-ldflags=-s -w")
"""What ours gives Go too."""
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}


def target(platform: str) -> dict[str, str]:
    """Return Go's variables for *platform*."""
    system, machine, variant = (*platform.split("/"), "")[:3]
    env = {"GOOS": system, "GOARCH": machine, "CGO_ENABLED": "0"}
    return {**env, "GOARM": variant.removeprefix("v")} if variant else env


def build(module: Path, platform: str, output: Path, packing: str) -> None:
    """Compile *module* for *platform*, and pack it."""
    file = output / platform.replace("/", "-") / module.name
    subprocess.run(
        ["go", "build", *FLAGS, "-o", file, "."],  # noqa: S607 - peers.py has put it onto PATH
        cwd=module,
        env={**os.environ, **target(platform)},
        check=True,
    )
    if packing in METHODS:
        with zipfile.ZipFile(f"{file}.zip", "w", METHODS[packing]) as packed:
            packed.write(file, module.name)


def main() -> None:
    """Build all, and raise the first error."""
    packing, output, platforms, *modules = sys.argv[1:]
    at_once = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with ThreadPoolExecutor(at_once) as pool:
        jobs = [
            pool.submit(build, Path(module), platform, Path(output), packing)
            for module in modules
            for platform in platforms.split(",")
        ]
        for job in jobs:
            job.result()


if __name__ == "__main__":
    main()
