"""How fast compressors are and how small their output is: libdeflate, zlib-ng and isal beside zlib.

    pip install deflate isal zlib-ng
    python benchmarks/compressors.py build/multiarch/bin/linux-amd64/greet

Needs Python 3.11 or later. Reads the files named, such as helpers that were built, and prints for
each level the processor time and the size as ratios to zlib's at level 6. What is not installed is
left out. A ratio is the median of --runs, in which all take turns.
"""

from __future__ import annotations

import argparse
import platform
import time
import zlib
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "zlib 6"


def compressors() -> dict[str, Callable[[bytes], bytes]]:
    """Return what is installed: name and level -> a function to a raw deflate stream."""
    found: dict[str, Callable[[bytes], bytes]] = {}

    def take(name: str, levels: tuple[int, ...], function: Callable[[bytes, int], bytes]) -> None:
        for level in levels:
            found[f"{name} {level}"] = lambda data, level=level: function(data, level)

    take("zlib", (1, 6, 9), lambda data, level: zlib.compress(data, level, -15))
    for name, package, module, levels in (
        ("zlib-ng", "zlib-ng", "zlib_ng.zlib_ng", (1, 6, 9)),
        ("isal", "isal", "isal.isal_zlib", (0, 1, 3)),
    ):
        try:
            compress = import_module(module).compress
        except ImportError:
            continue
        take(
            f"{name} {version(package)}",
            levels,
            lambda data, level, f=compress: f(data, level, -15),
        )
    try:
        deflate = import_module("deflate").deflate_compress
        take(f"libdeflate (deflate {version('deflate')})", (1, 6, 9, 12), deflate)
    except (ImportError, PackageNotFoundError):
        pass
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    data = b"".join(path.read_bytes() for path in options.files)
    ways = compressors()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    sizes = {}
    for _ in range(options.runs):
        for name, compress in ways.items():
            began = time.process_time()
            sizes[name] = len(compress(data))
            seconds[name].append(time.process_time() - began)
    print(f"{len(data) / 1e6:.1f} MB; zlib {zlib.ZLIB_RUNTIME_VERSION}; {platform.machine()}\n")
    print(f"| compressor, level | time / {BASE} | size / {BASE} | MB/s |\n|---|---:|---:|---:|")
    for name, each in seconds.items():
        ratio = median(own / base for own, base in zip(each, seconds[BASE], strict=True))
        speed = len(data) / median(each) / 1e6
        print(f"| {name} | {ratio:.2f} | {sizes[name] / sizes[BASE]:.3f} | {speed:.0f} |")


if __name__ == "__main__":
    main()
