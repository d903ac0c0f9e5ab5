"""The table of what was compiled and run: whole, and one helper of it is tried again each day."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import every_platform
import pytest
from every_platform import CELLS, EMULATORS, RESULTS
from support import load_docs_generator, missing

from hatch_multiarch.platforms import lookup

if TYPE_CHECKING:
    from pathlib import Path

STORED = {(one["platform"], one["kind"]): one for one in json.loads(RESULTS.read_text())["helpers"]}


def test_the_results_have_every_platform_and_kind() -> None:
    assert list(STORED) == [(row.name, kind.name) for row, kind in CELLS]
    assert not [one for one in STORED.values() if "failed" in one]


def test_only_what_zig_cannot_compile_is_refused() -> None:
    for row, kind in CELLS:
        one = STORED[row.name, kind.name]
        parts = [lookup(part) for part in row.parts] or [row]
        compiles = kind.name == "pure Go" or all(p.zig.glibc or p.zig.other for p in parts)
        if (row.name, kind.name) == ("linux/386", "library"):
            compiles = False  # what zig links there crashes
        assert ("tags" in one, "refused" in one) == (compiles, not compiles), one


def test_every_linux_program_ran() -> None:
    built = [
        one for (name, _), one in STORED.items() if name.startswith("linux/") and "tags" in one
    ]
    assert len(built) > 30
    assert all(one.get("ran") for one in built)


def test_the_results_say_what_the_table_of_platforms_says() -> None:
    for row, kind in CELLS:
        one = STORED[row.name, kind.name]
        if "glibc" in one and row.zig.floor:
            assert tuple(map(int, one["glibc"].split("."))) <= row.zig.floor, one
        assert bool(one.get("tags")) == row.taggable or "refused" in one, one


def test_the_page_says_what_was_found() -> None:
    results = {**json.loads(RESULTS.read_text()), "helpers": [
        {"platform": "linux/s390x", "kind": "a", "tags": ["x"], "glibc": "2.4", "ran": "qemu (y)"},
        {"platform": "linux/s390x", "kind": "b", "refused": "no | compiler"},
        {"platform": "linux/386", "kind": "a", "failed": "exit code 1"},
        {"platform": "darwin/arm64", "kind": "a", "tags": ["x"]},
    ]}  # fmt: skip
    assert "".join(load_docs_generator().tried(results)).partition("\n\n| ")[2].splitlines() == [
        "Platform | a | b |",
        "|---|---|---|",
        "| linux/s390x | ran with qemu (y), needs glibc 2.4 | no |",
        "| linux/386 | **fails** | not tried |",
        "",
        "| Platform | a |",
        "|---|---|",
        "| darwin/arm64 | audited |",
        "",
        "The error messages for the platforms marked *no*:",
        "",
        "- linux/s390x, b: no / compiler",
        "- linux/386, a: exit code 1",
    ]


@pytest.mark.slow
@pytest.mark.witness
def test_the_helper_of_the_day_is_as_the_table_says(tmp_path: Path) -> None:
    """Another one each day; all of them, and any with C++, take too long for each change."""
    # Wine has its own tests.
    quick = [
        (row, kind) for row, kind in CELLS if "C++" not in kind.name and row.name != "windows/amd64"
    ]
    row, kind = quick[datetime.now(timezone.utc).toordinal() % len(quick)]
    if not EMULATORS.is_dir():
        missing("QEMU and glibc of every platform (.ci/platforms fetch)")
    found = every_platform.look(row, kind, tmp_path)
    told = [{"platform": row.name, "kind": kind.name, **found}, STORED[row.name, kind.name]]
    if every_platform.versions()["go"] != json.loads(RESULTS.read_text())["go"]:
        # Which macOS is the oldest one depends on the version of Go.
        told = [json.loads(re.sub(r"macosx_\d+_\d+", "macosx", json.dumps(one))) for one in told]
    assert told[0] == told[1]
