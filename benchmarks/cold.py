"""How well a build with empty caches uses the processors; two checkouts can be compared.

    python benchmarks/cold.py --against FOLDER --rounds 2 --case mix --case helpers

Compiles on the host engine alone, without wheels. The caches of Go and zig are empty in each run;
checkouts take turns. `mix` is the example's on fewer platforms: a pure-Go helper for four, and a
cgo helper, by zig, for two of them. `helpers` is one platform with three pure-Go helpers. `static`
is a cgo helper with musl, `windows` one for Windows: most of it is zig that compiles the C library.

`cpu` is user and system time of all processes. `busy` is cpu / (wall x processors), from before the
first to after the last compile; other work on the machine makes it smaller. `wanted` is the share
of the processors that our threads would keep busy on a machine of their own: in samples of /proc,
the lesser of runnable threads and processors, over processors (Linux only).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.plan import Unit

ROOT = Path(__file__).parent.parent
CASES = ("mix", "helpers", "static", "windows")
PERIOD = 0.1
"""Seconds between two samples of /proc."""
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
SERVER = """package main

import (
	"encoding/json"
	"fmt"
	"net/http"
)

func main() {
	fmt.Println("%s", json.Valid(nil), http.StatusText(200))
}
"""

C_PROGRAM = """package main

// static int twice(int number) { return 2 * number; }
import "C"

func main() { println(C.twice(21)) }
"""


def units(case: str, folder: Path) -> list[Unit]:
    """Return what *case* compiles, with its outputs in *folder*."""
    from hatch_multiarch.config import Helper, Libc  # noqa: PLC0415 - of the checkout measured
    from hatch_multiarch.plan import Unit  # noqa: PLC0415 - the same
    from hatch_multiarch.platforms import host, lookup  # noqa: PLC0415 - the same

    def unit(source: Path, platform: str, compiler: str = "none") -> Unit:
        row = lookup(platform)
        assert row, platform
        helper = Helper(source.name, source=source.name, cgo=compiler != "none")
        libc = Libc("glibc", max((2, 17), row.zig.floor or (2, 17)))
        output = folder / "out" / platform.replace("/", "-") / source.name
        return Unit(helper, row, libc, compiler, source, output)

    if case == "helpers":
        sources = []
        for name in ("one", "two", "three"):
            sources.append(folder / name)
            sources[-1].mkdir()
            (sources[-1] / "go.mod").write_text(f"module example.com/{name}\n\ngo 1.21\n", "utf-8")
            (sources[-1] / "main.go").write_text(SERVER % name, "utf-8")
        return [unit(source, host().name) for source in sources]
    helpers = ROOT / "example_project" / "helpers"
    if case == "static":
        return [replace(unit(helpers / "tone", "linux/amd64", "zig"), libc=Libc("static"))]
    if case == "windows":
        source = folder / "one"
        source.mkdir()
        (source / "go.mod").write_text("module example.com/one\n\ngo 1.21\n", "utf-8")
        (source / "main.go").write_text(C_PROGRAM, "utf-8")
        return [unit(source, "windows/amd64", "zig")]
    linux = ("linux/amd64", "linux/arm64")
    pure = [unit(helpers / "greet", name) for name in (*linux, "darwin/arm64", "windows/amd64")]
    return pure + [unit(helpers / "tone", platform, "zig") for platform in linux]


class Watch:
    """Says when units end, on standard error."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def say(self, what: str) -> None:
        """Say it, with the seconds since the beginning."""
        if os.environ.get("VERBOSE"):
            print(f"{time.monotonic() - self.began:7.1f} {what}", file=sys.stderr)

    def started(self, unit: Unit) -> None:
        """Say so."""
        self.say(f"{unit.id} begins")

    def finished(self, unit: Unit, seconds: float, *, cached: bool) -> None:
        """Say so."""
        self.say(f"{unit.id} took {seconds:.1f} s{', cached' * cached}")

    def failed(self, unit: Unit, error: Exception) -> None:
        """Say so."""
        self.say(f"{unit.id} failed: {error}")

    def doing(self, what: str) -> None:
        """Say so."""
        self.say(what)


def measure(case: str, folder: Path) -> None:
    """Build *case* once, in this process and its children, and print figures as JSON."""
    from hatch_multiarch.config import Toolchain  # noqa: PLC0415 - of the checkout measured
    from hatch_multiarch.engine import HostEngine  # noqa: PLC0415 - the same

    needed = units(case, folder)
    engine, watch = HostEngine(Toolchain(), "greeter", "1.0.0"), Watch()
    samples: list[int] = []
    over = threading.Event()
    sampler = threading.Thread(target=sample, args=(samples, over))
    before, begun = processor_seconds(), time.monotonic()
    sampler.start()
    try:
        made = engine.build(needed, watch)
    finally:
        over.set()
        sampler.join()
    wall, cpu = time.monotonic() - begun, processor_seconds() - before
    print(
        json.dumps(
            {
                "wall": wall,
                "cpu": cpu,
                "busy": cpu / (wall * PROCESSORS),
                "wanted": statistics.mean(samples) / PROCESSORS if samples else 0.0,
                "sha256": [binary.sha256 for binary in made],
            }
        )
    )


def processor_seconds() -> float:
    """Return user and system time of this process and of all its children that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both)


def sample(samples: list[int], over: threading.Event) -> None:
    """Note how many processors our children would use, until *over*."""
    while not over.wait(PERIOD):
        samples.append(min(PROCESSORS, sum(1 for state in states() if state == "R")))


def states() -> Iterator[str]:
    """Yield the state of each thread of the processes below this one: R is runnable."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parent = int((folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
            children[parent].append(int(folder.name))
    family = [os.getpid()]
    for pid in family:
        family += children[pid]
    for pid in family[1:]:
        with contextlib.suppress(OSError):
            for stat in list(Path(f"/proc/{pid}/task").iterdir()):
                yield (stat / "stat").read_text("utf-8").rpartition(")")[2].split()[0]


def run(case: str, checkout: Path) -> dict[str, float]:
    """Measure *case* with the engine of *checkout*, in a process with empty caches."""
    with tempfile.TemporaryDirectory(prefix="cold-") as name:
        folder = Path(name)
        env = {**os.environ, "PYTHONPATH": str(checkout), "GOCACHE": str(folder / "go")}
        env |= {f"ZIG_{kind}_CACHE_DIR": str(folder / "zig") for kind in ("GLOBAL", "LOCAL")}
        command = [sys.executable, __file__, "--child", name, "--case", case]
        done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, cwd=folder)
        figures: dict[str, float] = json.loads(done.stdout)
        return figures


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--against", type=Path, help="another checkout, measured as `before`")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.child:
        measure(told.case[0], told.child)
        return
    checkouts = {"before": told.against.resolve()} if told.against else {}
    checkouts["now"] = ROOT
    print(f"{told.rounds} rounds on {PROCESSORS} processors, medians\n")
    print("| case | checkout | wall s | cpu s | busy | wanted |\n|---|---|---|---|---|---|")
    for case in told.case or CASES:
        runs: dict[str, list[dict[str, float]]] = defaultdict(list)
        for _ in range(told.rounds):
            for name, checkout in checkouts.items():
                runs[name].append(run(case, checkout))
        medians = {
            name: {
                key: statistics.median(each[key] for each in some)
                for key in ("wall", "cpu", "busy", "wanted")
            }
            for name, some in runs.items()
        }
        for name, m in medians.items():
            figures = f"{m['wall']:.1f} | {m['cpu']:.1f} | {m['busy']:.2f} | {m['wanted']:.2f}"
            print(f"| {case} | {name} | {figures} |")
        if told.against:
            ratios = {key: medians["now"][key] / medians["before"][key] for key in medians["now"]}
            print(f"| {case} | now / before | {' | '.join(f'{r:.2f}' for r in ratios.values())} |")
        same = len({json.dumps(each["sha256"]) for some in runs.values() for each in some}) == 1
        print(f"\n{case}: the binaries are {'the same in all runs' if same else 'NOT the same'}\n")


if __name__ == "__main__":
    main()
