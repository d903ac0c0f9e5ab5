"""How long builds take, beside other tools that do the same or less: all in one run, in turn.

    python benchmarks/peers.py
    python benchmarks/peers.py --cases unchanged,changed --runs 5

Needs Go, and a module proxy and a package index for what is missing: go-to-wheel is installed into
an environment of its own unless --go-to-wheel names a Python that has it, goreleaser and ko by
`go install` unless they are on PATH or named; goreleaser takes minutes to compile.

A helper of 11 MB with grpc and cobra, for 8 platforms, each tool with a home and caches of its own;
modules are fetched before. `go build` and the zips are a loop (benchmarks/peer_loop.py) that runs
as many at once as there are processors. Cases:

*cold*: nothing is compiled; the caches and the outputs are removed before each build.
*unchanged*: nothing has changed since the last build.
*changed*: one line of the helper has changed.
*units*: 1 to 32 units, of small helpers, nothing changed, and the peak of memory of our process.
*image*: wheels and image for two platforms against ko's image alone, unchanged and changed.

Figures are medians of --runs (of --cold-runs when cold): seconds that one waits, and processor
seconds, user and system, of all processes. Exits with 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from peer_base import empty_base
from peer_tools import GORELEASER, KO, Took, Tools, middle, run, versions
from peer_ways import (
    BOTH,
    CHECKS,
    MODULE,
    OURS,
    PLATFORMS,
    STORED,
    Way,
    go_to_wheel,
    goreleaser,
    ko,
    loop,
    loops,
    ours,
    small,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CASES = ("cold", "unchanged", "changed", "units", "image")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
SIZES = {1: (1, 1), 4: (1, 4), 8: (2, 4), 16: (4, 4), 32: (8, 4)}
"""How many helpers and platforms make how many units."""
MB = 1_000_000


@dataclass(frozen=True)
class Goal:
    """What a figure may be at most."""

    name: str
    found: float
    at_most: float


def in_turn(ways: Sequence[Way], runs: int, before: Callable[[Way], None] | None) -> list[Took]:
    """Build each way *runs* times, A B A B; return the medians, in the order of *ways*."""
    found: list[list[Took]] = [[] for _ in ways]
    for number in range(runs):
        for way, each in zip(ways, found, strict=True):
            if before:
                before(way)
            took = way.build()
            each.append(took)
            text = f"{number + 1}/{runs} {way.name}: {took.wall:.2f} s, processors {took.cpu:.2f} s"
            print(text, file=sys.stderr, flush=True)
    return [middle(each) for each in found]


def table(case: str, ways: Sequence[Way], found: Sequence[Took]) -> dict[str, Took]:
    """Print the rows of *case*, the first of which is ours; return them by name."""
    mine = found[0]
    for way, took in zip(ways, found, strict=True):
        print(
            f"| {case} | `{way.name}` | {took.wall:.2f} s | {took.cpu:.2f} s "
            f"| {mine.wall / took.wall:.2f} | {mine.cpu / took.cpu:.2f} "
            f"| {took.cpu / took.wall / CORES:.0%} |",
            flush=True,
        )
    return {way.name: took for way, took in zip(ways, found, strict=True)}


def heading() -> None:
    """Begin a table of cases."""
    print("| case | way | waited | processors | ours / it, waited | ours / it, processors | busy |")
    print("|---|---|---:|---:|---:|---:|---:|", flush=True)


def wheels(tools: Tools, asked: argparse.Namespace, programs: dict[str, Path]) -> list[Goal]:
    """Measure the helper for 8 platforms, cold, unchanged and with one line changed."""
    bare = loops(tools.place("loop"))
    place = tools.place("ours")
    mine = ours(place, place.folder / "project", [MODULE], PLATFORMS)
    theirs = go_to_wheel(tools.place("go-to-wheel"), programs["go-to-wheel"])
    both = [mine, theirs, goreleaser(tools.place("goreleaser"), programs["goreleaser"])]
    goals: list[Goal] = []
    heading()
    if "cold" in asked.cases:
        ways = [*both, bare[STORED]]
        found = table("cold", ways, in_turn(ways, asked.cold_runs, Way.forget))
        ratio = found[OURS].wall / found[STORED].wall
        goals.append(Goal("cold: waited / `go build` with stored zips", ratio, 1.05))
    ways = [*both, *bare.values()]
    if {"unchanged", "changed"} & set(asked.cases):
        in_turn(ways, 1, None)  # fills the caches
    if "unchanged" in asked.cases:
        found = table("unchanged", ways, in_turn(ways, asked.runs, None))
        limit = found[CHECKS].wall * 1.2 + 0.5
        goals.append(
            Goal("unchanged: seconds / 1.2 `go build` + 0.5 s", found[OURS].wall / limit, 1)
        )
        ratio = found[OURS].cpu / found["go-to-wheel"].cpu
        goals.append(Goal("unchanged: processors / go-to-wheel", ratio, 0.7))
    if "changed" in asked.cases:
        found = table("one line", ways, in_turn(ways, asked.runs, Way.change))
        ratio = found[OURS].wall / found[STORED].wall
        goals.append(Goal("one line: waited / `go build` with stored zips", ratio, 1.1))
        ratio = found[OURS].cpu / found["go-to-wheel"].cpu
        goals.append(Goal("one line: processors / go-to-wheel", ratio, 1.1))
    sizes = mine.size(), theirs.size()
    print(f"\n{len(PLATFORMS)} wheels: {sizes[0] / MB:.1f} MB, ", end="")
    print(f"go-to-wheel's {sizes[1] / MB:.1f} MB\n", flush=True)
    return [*goals, Goal("size of wheels / go-to-wheel's", sizes[0] / sizes[1], 0.4)]


def peak(way: Way) -> float:
    """Build once more, and return the megabytes that our own process took at most."""
    file = way.cwd / "peak"
    words = (sys.executable, Path(__file__).parent / "peer_peak.py", file)
    run(*words, cwd=way.cwd, env=way.place.env())
    return int(file.read_text("utf-8")) / MB


def units(tools: Tools, runs: int) -> list[Goal]:
    """Measure whether one more unit costs the same, however many there are."""
    place, bare = tools.place("units"), tools.place("units-loop")
    ways: list[Way] = []
    for count, (helpers, platforms) in SIZES.items():
        modules, names = small(place.folder / f"small{count}", helpers), PLATFORMS[:platforms]
        ways.append(ours(place, place.folder / f"project{count}", modules, names))
        ways.append(loop(CHECKS, bare, "none", modules, names))
    first = [peak(way) for way in ways[::2]]
    in_turn(ways, 1, None)
    found = in_turn(ways, runs, None)
    again = [peak(way) for way in ways[::2]]
    mine = dict(zip(SIZES, found[::2], strict=True))
    checks = dict(zip(SIZES, found[1::2], strict=True))
    print(
        "| units, unchanged | waited | processors | `go build`, parallel: waited | processors ",
        end="",
    )
    print("| peak of memory, first | unchanged |\n|---:|---:|---:|---:|---:|---:|---:|")
    for (count, took), one, two in zip(mine.items(), first, again, strict=True):
        bar = checks[count]
        print(f"| {count} | {took.wall:.2f} s | {took.cpu:.2f} s | {bar.wall:.2f} s ", end="")
        print(f"| {bar.cpu:.2f} s | {one:.0f} MB | {two:.0f} MB |")
    late = (mine[32].cpu - mine[16].cpu) / 16
    early = (mine[16].cpu - mine[4].cpu) / 12
    print(f"\none more unit: {early * 1e3:.0f} ms of processors between 4 and 16, ", end="")
    print(f"{late * 1e3:.0f} ms between 16 and 32\n", flush=True)
    return [Goal("units: the 32nd / the 16th, processors", late / early, 1.25)]


def image(tools: Tools, runs: int, program: Path) -> list[Goal]:
    """Measure wheels and image for two platforms, against ko's image."""
    goals = []
    with empty_base(BOTH) as base:
        place = tools.place("image")
        ways = [ours(place, place.folder / "project", [MODULE], BOTH)]
        ways.append(ko(tools.place("ko"), program, base))
        heading()
        in_turn(ways, 1, None)
        for case, before in (("unchanged", None), ("one line", Way.change)):
            found = table(f"image, {case}", ways, in_turn(ways, runs, before))
            ratio = found[OURS].wall / found["ko build"].wall
            goals.append(Goal(f"image, {case}: waited / ko", ratio, 1.0))
    print(flush=True)
    return goals


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", default=",".join(CASES), help="some of them (default: all)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold-runs", type=int, default=3)
    parser.add_argument("--go-to-wheel", metavar="PYTHON", help="a Python that has go-to-wheel")
    parser.add_argument("--goreleaser", metavar="PROGRAM")
    parser.add_argument("--ko", metavar="PROGRAM")
    asked = parser.parse_args()
    asked.cases = asked.cases.split(",")
    if unknown := set(asked.cases) - set(CASES):
        parser.error(f"--cases: {', '.join(unknown)} is none of {', '.join(CASES)}")
    return asked


def main() -> int:
    """Measure, print the tables, and return 1 when a goal is missed."""
    asked = options()
    helper = {"cold", "unchanged", "changed"} & set(asked.cases)
    goals: list[Goal] = []
    with tempfile.TemporaryDirectory(prefix="peers-", ignore_cleanup_errors=True) as folder:
        tools = Tools.find(Path(folder).resolve())
        tools.download(MODULE)
        programs: dict[str, Path] = {}
        if helper:
            programs["go-to-wheel"] = tools.python(asked.go_to_wheel)
            programs["goreleaser"] = tools.program(asked.goreleaser, GORELEASER)
        if "image" in asked.cases:
            programs["ko"] = tools.program(asked.ko, KO)
        named = versions(tools, programs)
        print(f"{datetime.now(timezone.utc).date()}; {CORES}-core {platform.machine()}, ", end="")
        print(f"{platform.system()}, load {os.getloadavg()[0]:.1f} before; {', '.join(named)}\n")
        if helper:
            goals += wheels(tools, asked, programs)
        if "units" in asked.cases:
            goals += units(tools, asked.runs)
        if "image" in asked.cases:
            goals += image(tools, asked.runs, programs["ko"])
    print("| goal | found | at most | |\n|---|---:|---:|---|")
    for goal in goals:
        word = "met" if goal.found <= goal.at_most else "missed"
        print(f"| {goal.name} | {goal.found:.2f} | {goal.at_most:g} | {word} |")
    return int(any(goal.found > goal.at_most for goal in goals))


if __name__ == "__main__":
    sys.exit(main())
