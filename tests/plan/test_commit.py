"""{commit} and {date} of linker flags: from git, from an sdist's record, or one line says why."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from support import need

from hatch_multiarch.config import read_table
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan import Project, Switches, make_plan
from hatch_multiarch.plan.commit import RECORD, commit_words, record

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.witness
FLAGS = "-X main.c={commit} -X main.d={date}"
COMMITTED, DATE = "1700000000 +0900", "2023-11-14T22:13:20Z"


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    env = {**os.environ, "GIT_COMMITTER_DATE": COMMITTED, "GIT_AUTHOR_DATE": "1600000000 +0000"}
    command = [need("git"), *who, *words]
    done = subprocess.run(command, cwd=root, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def config(flags: str = FLAGS) -> Any:
    return read_table({"helpers": {"greet": {"source": ".", "ldflags": [flags]}}})


def words(root: Path, flags: str = FLAGS, epoch: int | None = None) -> dict[str, str]:
    problems: list[str] = []
    found = commit_words(root, config(flags), epoch, problems)
    assert problems == []
    return found


def problem(root: Path, flags: str = FLAGS, epoch: int | None = None) -> str:
    problems: list[str] = []
    assert commit_words(root, config(flags), epoch, problems) == {}
    [found] = problems
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a repository with a Go module in a folder of it, committed."""
    root = tmp_path / "repository/tool"
    root.mkdir(parents=True)
    (root / "go.mod").write_text("module greet\n\ngo 1.21\n")
    git(root.parent, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "-m", "a")
    return root


def test_git_knows_commit_and_date(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    assert words(checkout) == {"{commit}": head, "{date}": DATE}
    assert words(checkout, "-X main.c={commit}") == {"{commit}": head}
    assert words(checkout, "-X main.v={version}") == {}
    assert words(checkout, epoch=86400)["{date}"] == "1970-01-02T00:00:00Z"
    # What git does not track, such as the pyproject.toml of `init`, changes nothing.
    (checkout / "pyproject.toml").write_text("")
    assert words(checkout)["{commit}"] == head
    (checkout / "go.mod").write_text("module other\n\ngo 1.21\n")
    assert words(checkout) == {"{commit}": f"{head}-dirty", "{date}": DATE}


def test_the_plan_has_the_flags_filled_in(checkout: Path) -> None:
    project = Project(checkout, "greeter", "1.0", {})
    switches = Switches.read({"SOURCE_DATE_EPOCH": "0", "HATCH_MULTIARCH_PLATFORMS": "host"})
    override = {"platforms": "*", "helpers": {"greet": {"ldflags": [FLAGS]}}}
    for more in ({}, {"overrides": [override]}):
        flags = ["-s"] if more else [FLAGS]
        table = {"helpers": {"greet": {"source": ".", "ldflags": flags}}, **more}
        [unit] = make_plan(project, read_table(table), "all", switches).units
        head = git(checkout, "rev-parse", "HEAD")
        filled = ("-X", f"main.c={head}", "-X", "main.d=1970-01-01T00:00:00Z")
        assert unit.helper.ldflags == filled


def test_an_sdist_has_a_record(checkout: Path, tmp_path: Path) -> None:
    """Git is not asked there, though it knows another commit of the folder above."""
    known = words(checkout)
    (checkout / "PKG-INFO").touch()
    assert "this sdist has no record of the commit (.hatch-multiarch.json)" in problem(checkout)
    (checkout / RECORD).write_text(record({**known, "{commit}": 40 * "a"}))
    assert words(checkout) == {**known, "{commit}": 40 * "a"}
    assert words(checkout, epoch=0)["{date}"] == "1970-01-01T00:00:00Z"
    for bad in ("", "[]", json.dumps({"commit": "x y", "date": DATE}), json.dumps({"date": DATE})):
        (checkout / RECORD).write_text(bad)
        assert "has no record" in problem(checkout)
    assert words(checkout, "-X main.d={date}") == {"{date}": DATE}


def test_where_nothing_knows_it_the_key_is_named(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = "tool.multiarch.helpers.greet.ldflags: {commit} and {date} cannot be filled in: "
    aside = checkout / "build/copy"
    aside.mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "empty")
    cases = [
        (aside, "this folder is in no commit of the git repository around it"),
        (tmp_path, "git says: fatal: not a git repository"),
        (tmp_path / "empty", "git says: fatal: your current branch "),
    ]
    for root, says in cases:
        assert problem(root).startswith(where + says)
    assert words(tmp_path, "-X main.d={date}", epoch=0) == {"{date}": "1970-01-01T00:00:00Z"}
    (tmp_path / "go.mod").touch()
    with pytest.raises(PlanError, match="cannot be filled in: git says"):
        make_plan(Project(tmp_path, "a", "1", {}), config(), "all", Switches())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert problem(checkout).startswith(where + "git cannot be run: No such file")
