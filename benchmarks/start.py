"""How long a start takes: `--help` of the command line, and the hook that Hatchling imports.

Run `python benchmarks/start.py` on a quiet machine, a minute. Every figure is the median of RUNS
processes; what is compared takes turns, so that a slow moment meets all of them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 31
HELP_GOAL, HOOK_GOAL = 0.150, 0.060
"""Seconds: for all of `--help`, and for the hook beside Hatchling's own imports."""

HATCHLING = "import hatchling.build, hatchling.builders.wheel, hatchling.plugin.manager; "
HOOK = "import hatch_multiarch.hooks as h; h.hatch_register_build_hook()"
COMMANDS = {
    "python": ["-c", "pass"],
    "hatch-multiarch --help": ["-m", "hatch_multiarch", "--help"],
    "hatch-multiarch plan --help": ["-m", "hatch_multiarch", "plan", "--help"],
    "hatchling": ["-c", HATCHLING],
    "hatchling and the hook": ["-c", HATCHLING + HOOK],
}


def main() -> int:
    """Measure, print a table, and return 1 when a goal is missed."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(RUNS + 1):
        for name, words in COMMANDS.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
            if turn:  # the first one compiles bytecode and warms the disk's cache
                times[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(each) for name, each in times.items()}
    bare = medians["python"]
    print(f"| median of {RUNS} | ms | bare Pythons |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| `{name}` | {median * 1e3:.0f} | {median / bare:.1f} |")
    hook = medians["hatchling and the hook"] - medians["hatchling"]
    print(f"\nthe hook itself: {hook * 1e3:.0f} ms")
    missed = medians["hatch-multiarch --help"] > HELP_GOAL or hook > HOOK_GOAL
    print("a goal is missed" if missed else "both goals are met")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
