"""How long a start takes: `--help` of the command line, the hook, and the imports of one build.

Run `python benchmarks/start.py` on a quiet machine, a minute. Every figure is the median of RUNS
processes; what is compared takes turns, so that a slow moment meets all of them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 31
HELP_GOAL, HOOK_GOAL, BUILD_GOAL = 0.150, 0.060, 0.150
"""Seconds: for all of `--help`; beside Hatchling's own imports for the hook, and for a build."""

HATCHLING = (
    "import hatchling.build, hatchling.builders.wheel, hatchling.plugin.manager, "
    "hatchling.metadata.core, packaging.requirements; "
)
"""What every `hatchling build` of a wheel imports, also of a project without this plugin."""
HOOK = "import hatch_multiarch.hatch_plugin.register as h; h.hatch_register_build_hook()"
BUILD = "import hatch_multiarch.plan, hatch_multiarch.pipeline.project_build as p; p.Console()"
"""What one `hatchling build` of wheels imports, when every binary was audited before."""
COMMANDS = {
    "python": ["-c", "pass"],
    "hatch-multiarch --help": ["-m", "hatch_multiarch", "--help"],
    "hatch-multiarch plan --help": ["-m", "hatch_multiarch", "plan", "--help"],
    "hatchling": ["-c", HATCHLING],
    "hatchling and the hook": ["-c", HATCHLING + HOOK],
    "hatchling and one build": ["-c", f"{HATCHLING}{HOOK}; {BUILD}"],
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
    build = medians["hatchling and one build"] - medians["hatchling"]
    own = medians["hatchling"] - bare
    print(f"\nthe hook itself: {hook * 1e3:.0f} ms")
    print(f"one build: {build * 1e3:.0f} ms, {build / own:.1f} times Hatchling's own imports")
    goals = [(medians["hatch-multiarch --help"], HELP_GOAL), (hook, HOOK_GOAL), (build, BUILD_GOAL)]
    missed = any(found > goal for found, goal in goals)
    print("a goal is missed" if missed else "all goals are met")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
