"""Quick tests of this suite, run by Windows' own Python: paths, locks, renames, consoles, ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Windows

CHOSEN = (
    "tests/cache",
    "tests/console/test_lines.py",
    "tests/files",
    "tests/platforms",
)
"""What differs by system, and starts few processes: one takes a second there."""


def test_quick_tests_pass_there(windows: Windows):
    done = windows.run(
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider",
        "-m", "not slow and not network and not witness", *CHOSEN,
    )  # fmt: skip
    passed = re.search(r"(\d+) passed", done.out)
    assert passed
    assert int(passed[1]) > 90, done.out
