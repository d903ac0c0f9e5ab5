"""How much memory a build takes: `hatchling build` of wheel and image with a helper of 1 GB.

    python benchmarks/build_memory.py [--base IMAGE] [MEGABYTES]

The image is from `scratch`, or on the base IMAGE, pulled into an empty cache; there the package is
installed with a native and a pure dependency. $HM_TEST_PYTHON_IMAGE is one such base
(docs/contributing.md).

Prints the peak of the resident memory of the process that builds, what each of its parts raised it
to, and the largest of the programs that it ran (Linux and macOS). The helper is a Go binary for
linux/amd64 with random bytes behind it, `prebuilt`, for Go's linker holds all of what it links.
The wheel is packed by hatchling, the rest is ours. Exits with 1 when it is too much.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable

MB = 1_000_000
LIMIT = 150
"""Megabytes that a build may take."""
PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "large"
version = "1"
dependencies = [{dependencies}]
[tool.hatch.build.targets.wheel]
only-include = ["large.py"]
[tool.hatch.build.targets.wheel.hooks.multiarch]
[tool.multiarch]
platforms = ["linux/amd64"]
[tool.multiarch.helpers.large]
prebuilt = "prebuilt/large"
[tool.multiarch.image]
base = "{base}"
outputs = ["oci"]
"""


def make(root: Path, megabytes: int, base: str) -> None:
    """Write the project and its helper."""
    dependencies = '"markupsafe", "idna"' if base != "scratch" else ""
    text = PYPROJECT.format(base=base, dependencies=dependencies)
    (root / "pyproject.toml").write_text(text, "utf-8")
    (root / ".gitignore").write_text("/prebuilt/\n/build/\n/cache/\n", "utf-8")
    (root / "large.py").touch()
    program, helper = root / "prebuilt/large.go", root / "prebuilt/large"
    helper.parent.mkdir()
    program.write_text("package main\n\nfunc main() {}\n", "utf-8")
    env = {**os.environ, "GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0"}
    go = find_go("", "1.21").path
    subprocess.run([go, "build", "-o", helper, program], cwd=root, env=env, check=True)
    with helper.open("ab") as file:
        for _ in range(megabytes):
            file.write(os.urandom(MB))


def peak(who: int = resource.RUSAGE_SELF) -> float:
    """Return the peak so far, in megabytes."""
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MB


def build() -> None:
    """Be `hatchling build`; print the peaks behind its parts as the last line."""
    from hatchling.cli import hatchling  # noqa: PLC0415 - of this process only

    from hatch_multiarch.pipeline.project_build import Build  # noqa: PLC0415

    peaks: dict[str, float] = {}

    def watched(before: str, method: Callable[..., Any], after: str) -> Callable[..., Any]:
        def call(*words: Any) -> Any:
            peaks[before] = peak()
            try:
                return method(*words)
            finally:
                peaks[after] = peak()

        return call

    Build.prepare = watched("start", Build.prepare, "audit and image")
    Build.publish = watched("wheel", Build.publish, "proof and report")
    sys.argv = ["hatchling", "build"]
    hatchling()
    peaks["programs"] = peak(resource.RUSAGE_CHILDREN)
    print(json.dumps(peaks))


def main() -> int:
    """Measure in a process of its own, print, and return 1 when it is too much."""
    if sys.argv[1:] == ["--build"]:
        build()
        return 0
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="scratch")
    parser.add_argument("megabytes", nargs="?", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, asked.megabytes, asked.base)
        env = {**os.environ, "XDG_CACHE_HOME": str(root / "cache")}
        command = [sys.executable, str(Path(__file__).resolve()), "--build"]
        done = subprocess.run(
            command, cwd=root, check=True, stdout=subprocess.PIPE, text=True, env=env
        )
        [wheel] = (root / "dist").glob("*.whl")
        [image] = (root / "build/multiarch").glob("*.oci.tar")
        sizes = [each.stat().st_size / MB for each in (wheel, image)]
    peaks = json.loads(done.stdout.splitlines()[-1])
    programs = peaks.pop("programs")
    for part, found in peaks.items():
        print(f"behind {part}: {found:.0f} MB")
    print(f"behind all: {max(peaks.values()):.0f} MB, programs {programs:.0f} MB (at most {LIMIT})")
    print(f"wheel {sizes[0]:.0f} MB, image {sizes[1]:.0f} MB")
    return max(*peaks.values(), programs) > LIMIT


if __name__ == "__main__":
    sys.exit(main())
