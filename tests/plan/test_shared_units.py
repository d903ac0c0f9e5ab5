"""Which helpers of different projects are compiled once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.config import read_table
from hatch_multiarch.plan import Choice, Project, Switches, make_plan
from hatch_multiarch.plan.workspace_plan import shared_units

if TYPE_CHECKING:
    from pathlib import Path

GREET = {"source": "go", "package": "./cmd/greet"}
CASES = [
    ("the same", {}, "1", True),
    ("placed elsewhere", {"install": "scripts", "smoke": ["--version"]}, "1", True),
    ("another package", {"package": "./cmd/other"}, "1", False),
    ("tags", {"tags": ["pro"]}, "1", False),
    ("cgo", {"cgo": True}, "1", False),
    ("ldflags", {"ldflags": ["-X main.name=x"]}, "1", False),
    ("another version that nobody sees", {}, "2", True),
    ("a library", {"kind": "library"}, "1", False),
]


def plan_of(root: Path, name: str, helper: dict, version: str, **table) -> object:
    config = read_table({"platforms": ["linux/amd64"], "helpers": {"greet": helper}, **table})
    project = Project(root / name, name, version, {}, member=True)
    return make_plan(project, config, "all", Switches(), Choice("host"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "go").mkdir()
    (tmp_path / "go/go.mod").write_text("module example.com/go\n\ngo 1.21\n")
    for name in ("alpha", "beta"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "go").symlink_to("../go")
    return tmp_path


@pytest.mark.parametrize(("more", "version", "same"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_all_that_decides_the_bytes_counts(root, more, version, same):
    plans = [plan_of(root, "alpha", GREET, "1"), plan_of(root, "beta", GREET | more, version)]
    found = {name: unit.id for name, unit in shared_units(plans).items()}
    expected = {"beta: greet linux/amd64": "alpha: greet linux/amd64"} if same else {}
    assert found == expected


@pytest.mark.parametrize(("word", "version", "same"),
                         [("version", "1", 1), ("version", "2", 0), ("name", "1", 0)])  # fmt: skip
def test_a_project_counts_where_a_flag_names_it(root, word, version, same):
    helper = GREET | {"ldflags": [f"-X main.x={{{word}}}"]}
    plans = [plan_of(root, "alpha", helper, "1"), plan_of(root, "beta", helper, version)]
    assert len(shared_units(plans)) == same


def test_a_toolchain_and_an_engine_count(root):
    alpha = plan_of(root, "alpha", GREET, "1")
    assert not shared_units([alpha, plan_of(root, "beta", GREET, "1", toolchain={"go": ">=1.22"})])
    beta = replace(plan_of(root, "beta", GREET, "1"), engine="buildkit")
    assert not shared_units([alpha, beta])


def test_what_stands_beside_the_link_counts(root):
    """Go reads `..` from where it was started, not from where the link leads."""
    (root / "go/go.mod").write_text(
        "module example.com/go\n\ngo 1.21\n\nreplace example.com/x => ../x\n"
    )
    plans = [plan_of(root, name, GREET, "1") for name in ("alpha", "beta")]
    assert not shared_units(plans)
    for name in ("alpha", "beta"):
        (root / name / "x").symlink_to("../x")
    assert len(shared_units(plans)) == 1
