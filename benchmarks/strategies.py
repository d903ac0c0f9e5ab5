"""How long compiling SQLite (go-sqlite3) for linux/arm64 takes by each way, all in one run.

    python benchmarks/strategies.py                     needs docker buildx, and QEMU for arm64
    python benchmarks/strategies.py --image IMAGE --network host --at-least 8

Ways: BuildKit with cross-gcc (`strategy = "cross"`), this machine with zig (`engine = "host"`),
and BuildKit under QEMU (`strategy = "emulate"`). IMAGE is tool.multiarch.stage.image, for this
machine's platform and for linux/arm64.

Cold: the compilers are installed, and nothing is compiled. Go's standard library, SQLite's 9 MB
of C, its Go binding and, with zig, zig's own parts of libc are all in the figure; modules are
vendored. Go and zig get empty caches on the host, and the cache mount of Go is removed from the
builder, which other builds of yours then fill anew. A macro that nobody reads, of another name each
time, is added to a copy of go-sqlite3, so that no layer is reused. Figures are medians.

Exits with 1 when QEMU takes less than --at-least times as long to compile as cross-gcc.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from secrets import token_hex
from statistics import median

from hatch_multiarch.toolchain import find_go

MODULE = Path(__file__).parent / "sqlite"
FIRST = "#cgo CFLAGS: -std=gnu99\n"
"""The line of go-sqlite3's sqlite3.go that the macro is put behind."""


@dataclass(frozen=True)
class Way:
    """One way to compile: a row of the table."""

    name: str
    engine: str
    strategy: str
    compiler: str


@dataclass(frozen=True)
class Took:
    """One cold build."""

    compile: float
    """Seconds of the unit, from the report: without installing compilers."""
    compiler: str
    """By name and version, from the report."""
    load: float
    """The load average of one minute when it was done; 1 to 2 of it is the build's own."""


CROSS = Way("cross-gcc in the builder stage", "buildkit", "cross", "gcc")
ZIG = Way("zig on the host", "host", "cross", "zig")
QEMU = Way("gcc under QEMU", "buildkit", "emulate", "gcc")
ORDER = (CROSS, ZIG, CROSS, ZIG, QEMU, CROSS, ZIG)
"""The short ones several times, on both sides of the long one: the machine may be busy."""


def write_project(root: Path, way: Way, stage: dict[str, str]) -> None:
    """Write a Python project whose helper is the module, vendored and with a macro of its own."""
    module = root / "helpers/sqlite"
    shutil.copytree(MODULE, module)
    go = find_go("", "1.21").path
    subprocess.run([go, "mod", "vendor"], cwd=module, check=True, stdin=subprocess.DEVNULL)
    file = module / "vendor/github.com/mattn/go-sqlite3/sqlite3.go"
    text = file.read_text("utf-8")
    if text.count(FIRST) != 1:
        sys.exit(f"go-sqlite3 has changed: {file.name} has no line {FIRST!r}")
    file.chmod(0o644)
    file.write_text(text.replace(FIRST, f"{FIRST}#cgo CFLAGS: -DRUN_{token_hex(8)}\n"), "utf-8")
    (root / "sqlite_benchmark.py").touch()
    (root / "pyproject.toml").write_text(
        f"""\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "sqlite-benchmark"
version = "1"
[tool.hatch.build.targets.wheel]
only-include = ["sqlite_benchmark.py"]
[tool.hatch.build.targets.wheel.hooks.multiarch]
[tool.multiarch]
platforms = ["linux/arm64"]
engine = "{way.engine}"
strategy = "{way.strategy}"
[tool.multiarch.helpers.sqlite]
package = "./query"
cgo = true
libc = "glibc"
compiler = "{way.compiler}"
[tool.multiarch.stage]
"""
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in stage.items()),
        "utf-8",
    )


def build(root: Path, caches: Path) -> Took:
    """Build the wheel of the project in *root*; a build that compiled nothing is an error."""
    steering = ("HATCH_", "SOURCE_DATE_EPOCH")
    env = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    env |= {"GOCACHE": str(caches / "go"), "NO_COLOR": "1"}
    env |= {"ZIG_GLOBAL_CACHE_DIR": str(caches / "zig"), "ZIG_LOCAL_CACHE_DIR": str(caches / "zig")}
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    done = subprocess.run(
        command,
        cwd=root,
        env=env,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\nexit code {done.returncode}")
    [report] = (root / "build/multiarch").glob("*.json")
    [unit] = json.loads(report.read_text("utf-8"))["units"]
    if unit["cached"]:
        sys.exit(f"nothing was compiled, so nothing is measured:\n{done.stdout}")
    return Took(unit["seconds"], unit["compiler"], os.getloadavg()[0])


def forget(*caches: str) -> None:
    """Remove what Go or zig has compiled in the builder: cache mounts that our Dockerfile names."""
    listed = ["docker", "buildx", "du", "--verbose", "--filter", "type=exec.cachemount"]
    said = subprocess.run(
        listed, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ).stdout
    for record in said.split("\n\nID:"):
        if any(f'with id "/hatch-multiarch-{cache}"' in record for cache in caches):
            name = record.removeprefix("ID:").split()[0]
            prune = ["docker", "buildx", "prune", "--force", "--filter", f"id={name}"]
            subprocess.run(prune, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def measure(way: Way, stage: dict[str, str]) -> Took:
    """Build once, cold, by *way*."""
    with tempfile.TemporaryDirectory(prefix="strategies-") as folder:
        root, caches = Path(folder, "project"), Path(folder, "caches")
        write_project(root, way, stage)
        if way.engine == "buildkit":
            forget("go-build")
        took = build(root, caches)
    text = f"{way.name}: {took.compile:.1f} s, load {took.load:.1f}"
    print(text, file=sys.stderr, flush=True)
    return took


def middle(runs: list[Took]) -> Took:
    """Return the median of each figure of *runs*."""
    return Took(
        median(each.compile for each in runs),
        runs[0].compiler,
        median(each.load for each in runs),
    )


def main() -> None:
    """Measure, print the table, and judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--image", help="tool.multiarch.stage.image (default: the product's own)")
    parser.add_argument("--network", help="tool.multiarch.stage.network")
    parser.add_argument("--at-least", type=float, default=8.0, metavar="TIMES")
    options = parser.parse_args()
    stage = {key: value for key in ("image", "network") if (value := getattr(options, key))}

    today = datetime.now(timezone.utc).date()
    machine = f"{os.cpu_count()}-core {platform.machine()}, {platform.system()}"
    runs: dict[Way, list[Took]] = {}
    for way in ORDER:
        runs.setdefault(way, []).append(measure(way, stage))
    found = {way: middle(each) for way, each in runs.items()}
    base = found[CROSS]
    print(f"go-sqlite3 for linux/arm64, cold; {machine}; {today}\n")
    print("| way | compiler | compiling | ratio | runs | load |")
    print("|---|---|---:|---:|---:|---:|")
    for way, took in found.items():
        print(
            f"| {way.name} | {took.compiler} | {took.compile:.1f} s "
            f"| {took.compile / base.compile:.1f} | {len(runs[way])} | {took.load:.1f} |"
        )
    ratio = found[QEMU].compile / base.compile
    print(f"\nQEMU/cross {ratio:.1f}, zig/cross {found[ZIG].compile / base.compile:.2f} (compile)")
    if ratio < options.at_least:
        sys.exit(f"cross-gcc is to be at least {options.at_least:g} times faster than QEMU")


if __name__ == "__main__":
    main()
