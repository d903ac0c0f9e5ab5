"""Say hello from Go: runs the helpers that this package ships."""

from __future__ import annotations

import subprocess

from _greeter_helpers import find, names


def say(helper: str, *arguments: str) -> str:
    """Run *helper* with *arguments* and return what it printed."""
    done = subprocess.run([find(helper), *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def main() -> None:
    """Print what every helper of this platform says."""
    for helper in names():
        print(say(helper), end="")
