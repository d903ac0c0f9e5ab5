"""After any kill one set of outputs is whole, or `verify` and the next build say that none is.

HM_TEST_KILLS (20) is how often a build is killed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from hatch_multiarch.pipeline.journal import UNKNOWN, Journal

KILLS = int(os.environ.get("HM_TEST_KILLS", "20"))


@pytest.mark.skipif(sys.platform == "win32", reason="it forks")
def test_no_kill_leaves_files_of_two_builds_unseen(tmp_path, run):
    temporary, base = tmp_path / "tmp", tmp_path / "base"
    temporary.mkdir()
    base.mkdir()
    script = Path(__file__).with_name("kills.py")
    said = run(sys.executable, script, base, str(KILLS), TMPDIR=str(temporary)).out
    kills = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert len(kills) >= KILLS - 3
    assert sum(each["killed"] for each in kills) > len(kills) * 0.8  # threads: steps vary a little
    for each in kills:
        if each["set"] == "mixed":
            assert "a build did not finish" in each["refused"], each
            assert each["said"], each
        elif each["scenario"] in ("changed", "unchanged") or each["set"] == "new":
            assert not each["refused"], each
        else:
            assert "no wheel of hello" in each["refused"], each
        # The next build makes the whole set, and nothing of the killed one is left.
        assert (each["next"], each["after"], each["refused after"]) == (0, True, ""), each
        assert each["swept"], each
        assert not each["wheels in tmp"], each


def whole(dist, staging, text):
    for name in ("a.whl", "b.whl"):
        (dist / name).write_text(text)
        staging.mkdir(exist_ok=True)


def test_a_journal_tells_which_files_are_of_the_killed_build(tmp_path):
    dist, staging = tmp_path, tmp_path / "staging"
    whole(dist, staging, "old")
    new = "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"  # of "new"
    first = Journal(dist, "a-1")
    first.note({dist / "a.whl": UNKNOWN}, staging, lasting=False)
    assert not Journal(dist, "a-1")
    (dist / "a.whl").write_text("new")
    assert Journal(dist, "a-1").strays == ("a.whl",)
    (dist / "a.whl").write_text("old")
    first.note({dist / "a.whl": new, dist / "b.whl": new}, staging, lasting=True)
    assert not Journal(dist, "a-1")
    (dist / "b.whl").write_text("new")
    assert Journal(dist, "a-1").strays == ("b.whl",)
    # What is the set of the killed build, by whatever way, is no mixture.
    (dist / "a.whl").write_text("new")
    assert not Journal(dist, "a-1")
    (dist / "a.whl").write_text("old")
    # A build that fails leaves what it has found.
    second = Journal(dist, "a-1")
    second.note({dist / "b.whl": UNKNOWN}, staging, lasting=False)
    assert Journal(dist, "a-1").strays == ("b.whl",)
    second.settle()
    assert Journal(dist, "a-1").strays == ("b.whl",)
    assert not Journal(dist, "a-2")
    assert sorted(each.name for each in dist.iterdir() if each.name[0] == ".") == [
        ".hatch-multiarch-a-1.json"
    ]
    second.end()
    assert not list(dist.glob(".*"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"before": 1, "after": {}}', "[" * 9999])
def test_a_journal_that_is_none_tells_nothing(tmp_path, text):
    Journal(tmp_path, "a-1").path.write_text(text)
    assert not Journal(tmp_path, "a-1")
