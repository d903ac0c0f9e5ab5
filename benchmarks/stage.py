"""What BuildKit's builder stage compiles twice; two checkouts can be compared.

    python benchmarks/stage.py --against FOLDER --rounds 3           needs docker buildx
    python benchmarks/stage.py --against FOLDER --image IMAGE --network host

The project has a pure-Go helper and two cgo helpers, compiled by zig for musl, on one platform.
`cold` builds it with the compilers installed and nothing compiled: the cache mounts of Go and zig
are removed from the builder, which other builds of yours then fill anew. `changed` builds again
after a line was added to one of the cgo helpers. IMAGE is tool.multiarch.stage.image.

`wall` is the whole `hatchling build`. `cpu` is user and system time of the whole machine, so
nothing else should run. Checkouts take turns, and figures are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from secrets import token_hex
from statistics import median

from strategies import forget

ROOT = Path(__file__).parent.parent
GO = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("%s") }\n'
CGO = """package main

// static int twice(int number) { return 2 * number; }
import "C"
import "fmt"

func main() { fmt.Println(C.twice(21), "%s") }
"""
HELPERS = {"first": GO, "second": CGO, "third": CGO}
PYPROJECT = """
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "stage-benchmark"
version = "1"
[tool.hatch.build.targets.wheel]
only-include = ["stage_benchmark.py"]
[tool.hatch.build.targets.wheel.hooks.multiarch]
[tool.multiarch]
platforms = ["linux/arm64"]
engine = "buildkit"
[tool.multiarch.helpers.first]
[tool.multiarch.helpers.second]
cgo = true
libc = "musl"
compiler = "zig"
[tool.multiarch.helpers.third]
cgo = true
libc = "musl"
compiler = "zig"
[tool.multiarch.stage]
"""


def write_project(root: Path, stage: dict[str, str]) -> None:
    """Write a Python project with the helpers; each has a text that no earlier build had."""
    (root / "stage_benchmark.py").touch()
    keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in stage.items())
    (root / "pyproject.toml").write_text(PYPROJECT + keys, "utf-8")
    for name, text in HELPERS.items():
        folder = root / "helpers" / name
        folder.mkdir(parents=True)
        (folder / "go.mod").write_text(f"module example.com/{name}\n\ngo 1.21\n", "utf-8")
        (folder / "main.go").write_text(text % token_hex(8), "utf-8")


def build(root: Path, checkout: Path) -> tuple[float, float]:
    """Build the wheel of *root* by *checkout*; return seconds of wall and processor time."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HATCH_", "SOURCE_DATE"))}
    env |= {"PYTHONPATH": str(checkout), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    began, used = time.monotonic(), busy()
    done = subprocess.run(
        command, cwd=root, env=env, check=False, stdin=subprocess.DEVNULL, capture_output=True
    )
    took = time.monotonic() - began, busy() - used
    if done.returncode:
        sys.exit(f"{(done.stdout + done.stderr).decode()}\nexit code {done.returncode}")
    return took


def busy() -> float:
    """Return how long processors have been busy since the machine started, in seconds (proc(5))."""
    user, nice, system = Path("/proc/stat").read_text("utf-8").split(maxsplit=4)[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--against", type=Path, action="append", default=[], metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--image", help="tool.multiarch.stage.image (default: the product's own)")
    parser.add_argument("--network", help="tool.multiarch.stage.network")
    options = parser.parse_args()
    stage = {key: value for key in ("image", "network") if (value := getattr(options, key))}
    checkouts = [*(path.resolve() for path in options.against), ROOT]
    found = defaultdict(list)
    for number in range(options.rounds + 1):
        for checkout in checkouts:
            with tempfile.TemporaryDirectory(prefix="stage-") as folder:
                root = Path(folder)
                write_project(root, stage)
                forget("go-build", "zig")
                cold = build(root, checkout)
                with (root / "helpers/second/main.go").open("a", encoding="utf-8") as program:
                    program.write('\nconst _ = "changed"\n')
                changed = build(root, checkout)
            if number:  # the first round installs the compilers
                found["cold", checkout].append(cold)
                found["changed", checkout].append(changed)
    print("| case | checkout | wall | ratio | cpu | ratio |\n|---|---|---:|---:|---:|---:|")
    for (case, checkout), runs in sorted(found.items(), key=lambda row: row[0][0]):
        wall, cpu = (median(run[i] for run in runs) for i in (0, 1))
        base = [median(run[i] for run in found[case, checkouts[0]]) for i in (0, 1)]
        ratios = f"{wall / base[0]:.2f}", f"{cpu / base[1]:.2f}"
        name = "this" if checkout == ROOT else checkout.name
        print(f"| {case} | {name} | {wall:.1f} s | {ratios[0]} | {cpu:.1f} s | {ratios[1]} |")


if __name__ == "__main__":
    main()
