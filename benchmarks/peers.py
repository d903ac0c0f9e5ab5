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
seconds, user and system, of all processes; a ratio is the median of those of each turn. Exits with
1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import peer_tables as tables
from peer_base import empty_base
from peer_tables import CORES, Goal, heading, in_turn, judge, rows
from peer_tools import GORELEASER, KO, Tools, run, versions
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

CASES = ("cold", "unchanged", "changed", "units", "image")
SIZES = {1: (1, 1), 4: (1, 4), 8: (2, 4), 16: (4, 4), 32: (8, 4)}
"""How many helpers and platforms make how many units."""
MB = 1_000_000


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
        found = rows("cold", ways, in_turn(ways, asked.cold_runs, Way.forget))
        ratio = found[OURS].waited(found[STORED])
        goals.append(Goal("cold: waited / `go build` with stored zips", ratio, 1.05))
    ways = [*both, *bare.values()]
    if {"unchanged", "changed"} & set(asked.cases):
        in_turn(ways, 1, None)  # fills the caches
    if "unchanged" in asked.cases:
        found = rows("unchanged", ways, in_turn(ways, asked.runs, None))
        ratio = found[OURS].waited(found[CHECKS], 1.2, 0.5)
        goals.append(Goal("unchanged: waited / (1.2 `go build` + 0.5 s)", ratio, 1.0))
        ratio = found[OURS].processors(found["go-to-wheel"])
        goals.append(Goal("unchanged: processors / go-to-wheel", ratio, 0.7))
    if "changed" in asked.cases:
        found = rows("one line", ways, in_turn(ways, asked.runs, Way.change))
        ratio = found[OURS].waited(found[STORED])
        goals.append(Goal("one line: waited / `go build` with stored zips", ratio, 1.1))
        ratio = found[OURS].processors(found["go-to-wheel"])
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
    return [tables.units(mine, dict(zip(SIZES, found[1::2], strict=True)), first, again)]


def image(tools: Tools, runs: int, program: Path) -> list[Goal]:
    """Measure wheels and image for two platforms, against ko's image."""
    goals = []
    with empty_base(BOTH) as base:
        place = tools.place("image")
        ways = [ours(place, place.folder / "project", [MODULE], BOTH)]
        ways += ko(tools.place("ko"), program, base)
        heading()
        in_turn(ways, 1, None)
        for case, before in (("unchanged", None), ("one line", Way.change)):
            found = rows(f"image, {case}", ways, in_turn(ways, runs, before))
            ratio = found[OURS].waited(found["ko build"])
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
    return 0 if judge(goals) else 1


if __name__ == "__main__":
    sys.exit(main())
