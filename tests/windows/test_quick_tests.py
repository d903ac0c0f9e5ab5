"""Quick tests of this suite, run by Windows' own Python: paths, locks, renames, consoles, ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Windows

CHOSEN = (
    "tests/cache",
    "tests/config/test_toml_document.py",
    "tests/files",
    "tests/image/test_image_layout.py",
    "tests/image/test_package.py",
    "tests/oci/test_gzip_writer.py",
    "tests/platforms",
    "tests/process",
    "tests/report/console/test_lines.py",
    "tests/report/test_report.py",
    "tests/wheel",
)
"""What differs by system: paths, locks, renames, encodings, ends of processes, modes of files."""


def test_quick_tests_pass_there(windows: Windows):
    done = windows.run(
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider",
        "-m", "not slow and not network and not witness", *CHOSEN,
    )  # fmt: skip
    passed = re.search(r"(\d+) passed", done.out)
    assert passed
    assert int(passed[1]) > 250, done.out
