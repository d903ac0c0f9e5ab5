"""What benchmarks/peers.py has found, and how it is printed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from peer_tools import Took
    from peer_ways import Way

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
BETWEEN = (4, 16, 32)
"""Numbers of units between which the cost of one more is told."""


@dataclass(frozen=True)
class Found:
    """What the runs of a way took, in their order."""

    runs: tuple[Took, ...]

    @property
    def wall(self) -> float:
        """The median of the seconds that one waits."""
        return median(each.wall for each in self.runs)

    @property
    def cpu(self) -> float:
        """The median of the processor seconds."""
        return median(each.cpu for each in self.runs)

    def waited(self, other: Found, times: float = 1, more: float = 0) -> float:
        """Return our seconds by *times* those of *other* and *more*: the median of the turns."""
        turns = zip(self.runs, other.runs, strict=True)
        return median(mine.wall / (theirs.wall * times + more) for mine, theirs in turns)

    def processors(self, other: Found) -> float:
        """Return our processor seconds by those of *other*: the median of the turns."""
        turns = zip(self.runs, other.runs, strict=True)
        return median(mine.cpu / theirs.cpu for mine, theirs in turns)


@dataclass(frozen=True)
class Goal:
    """What a figure may be at most."""

    name: str
    found: float
    at_most: float


def in_turn(ways: Sequence[Way], runs: int, before: Callable[[Way], None] | None) -> list[Found]:
    """Build each way *runs* times, A B A B; return what was found, in the order of *ways*."""
    took: list[list[Took]] = [[] for _ in ways]
    for number in range(runs):
        for way, each in zip(ways, took, strict=True):
            if before:
                before(way)
            one = way.build()
            each.append(one)
            text = f"{number + 1}/{runs} {way.name}: {one.wall:.2f} s, processors {one.cpu:.2f} s"
            print(text, file=sys.stderr, flush=True)
    return [Found(tuple(each)) for each in took]


def heading() -> None:
    """Begin a table of cases."""
    print("| Case | Tool | Elapsed | CPU | Ours / theirs, elapsed | Ours / theirs, CPU | Busy |")
    print("|---|---|---:|---:|---:|---:|---:|", flush=True)


def rows(case: str, ways: Sequence[Way], found: Sequence[Found]) -> dict[str, Found]:
    """Print the rows of *case*, the first of which is ours; return what was found, by name."""
    mine = found[0]
    for way, each in zip(ways, found, strict=True):
        print(
            f"| {case} | `{way.name}` | {each.wall:.2f} s | {each.cpu:.2f} s "
            f"| {mine.waited(each):.2f} | {mine.processors(each):.2f} "
            f"| {each.cpu / each.wall / CORES:.0%} |",
            flush=True,
        )
    return {way.name: each for way, each in zip(ways, found, strict=True)}


def units(
    mine: dict[int, Found], bare: dict[int, Found], first: list[float], again: list[float]
) -> Goal:
    """Print what numbers of units took, and the peaks of our memory; return the goal."""
    print("| Units, unchanged | Elapsed | CPU | `go build`: elapsed | CPU ", end="")
    print("| Peak memory, first | Unchanged |\n|---:|---:|---:|---:|---:|---:|---:|")
    for (count, each), one, two in zip(mine.items(), first, again, strict=True):
        beside = bare[count]
        print(f"| {count} | {each.wall:.2f} s | {each.cpu:.2f} s | {beside.wall:.2f} s ", end="")
        print(f"| {beside.cpu:.2f} s | {one:.0f} MB | {two:.0f} MB |")
    few, some, many = BETWEEN
    more: list[tuple[float, float]] = []
    for found in (mine, bare):
        early = (found[some].cpu - found[few].cpu) / (some - few)
        more.append((early, (found[many].cpu - found[some].cpu) / (many - some)))
    print(
        f"\none more unit, processors: {more[0][0] * 1e3:.0f} ms between {few} and {some}, ", end=""
    )
    print(f"{more[0][1] * 1e3:.0f} ms between {some} and {many}; of `go build` ", end="")
    print(f"{more[1][0] * 1e3:.0f} and {more[1][1] * 1e3:.0f} ms\n", flush=True)
    name = f"units: processors of one more, {some} to {many} / {few} to {some}"
    return Goal(name, more[0][1] / more[0][0], 1.25)


def judge(goals: Sequence[Goal]) -> bool:
    """Print the goals; return whether all are met."""
    print("| goal | found | at most | |\n|---|---:|---:|---|")
    for goal in goals:
        word = "met" if goal.found <= goal.at_most else "missed"
        print(f"| {goal.name} | {goal.found:.2f} | {goal.at_most:g} | {word} |")
    return all(goal.found <= goal.at_most for goal in goals)
