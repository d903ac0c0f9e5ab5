"""Be `hatchling build -t wheel`, and write its own peak of memory, in bytes, to a file.

python benchmarks/peer_peak.py FILE

The programs that it runs, Go among them, are not counted.
"""

from __future__ import annotations

import resource
import runpy
import sys
from pathlib import Path


def peak() -> int:
    """Return the largest resident memory of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux ru_maxrss begins with that of the process that started this one
        lines = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Build, write, and end as hatchling does."""
    file = Path(sys.argv[1])
    sys.argv = ["hatchling", "build", "-t", "wheel"]
    try:
        runpy.run_module("hatchling", run_name="__main__", alter_sys=True)
    finally:
        file.write_text(str(peak()), "utf-8")


if __name__ == "__main__":
    main()
