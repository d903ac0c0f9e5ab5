"""What the builder stage's Go says of a helper is what a Go on this machine would say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from buildkit.small import small

from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.engine.compile_plan import compile_plan
from hatch_multiarch.engine.go_command import find_go_env
from hatch_multiarch.engine.go_inputs import FIELDS, inputs_of, unit_packages
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.plan import Switches, choose, make_plan
from hatch_multiarch.project import read_project
from hatch_multiarch.report.console import Console

if TYPE_CHECKING:
    from pathlib import Path

    from engine_fixture import Engine

    from hatch_multiarch.engine.compile_plan import Compiled
    from hatch_multiarch.plan import Plan

pytestmark = [pytest.mark.slow, pytest.mark.network]


def build(root: Path) -> tuple[Plan, Compiled]:
    project, config = read_project(root)
    choice = choose(config, project.name, "all", Switches(), os.environ)
    plan = make_plan(project, config, "all", Switches(), choice)
    with Console().build(plan.units) as progress:
        return plan, compile_plan(plan, progress, 0, BuildCache(None))


def test_the_inputs_of_helpers_with_and_without_cgo(
    buildkit_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HATCH_MULTIARCH_ENGINE", raising=False)
    (buildkit_project / "helpers/greet/default.pgo").write_text("")
    plan, compiled = build(buildkit_project)
    found = compiled.binaries
    go, env = find_go_env("", plan.units, os.environ)
    for unit in plan.units:
        listed = unit_packages(go, unit, env, fields=FIELDS)
        assert found[unit.id].inputs == inputs_of(listed, unit)
    assert "pitch.h" in {path.name for unit in plan.units for path in found[unit.id].inputs or ()}


def test_a_package_that_needs_cgo_without_a_go_on_this_machine(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_go(*_: object) -> None:
        raise ToolchainError("there is no Go")

    monkeypatch.delenv("HATCH_MULTIARCH_ENGINE", raising=False)
    monkeypatch.setattr("hatch_multiarch.engine.go_command.find_go", no_go)
    root = small(tmp_path / "greeter", engine)
    helper = root / "helpers/greet"
    (helper / "store").mkdir()
    module = (helper / "go.mod").read_text("utf-8").split()[1]
    main = f'package main\n\nimport "{module}/store"\n\nfunc main() {{ store.Open() }}\n'
    (helper / "main.go").write_text(main)
    with_cgo = 'package store\n\n// int one();\nimport "C"\n\nfunc Open() { C.one() }\n'
    (helper / "store/store.go").write_text(with_cgo)
    without = '//go:build !cgo\n\npackage store\n\nfunc Open() { panic("store requires cgo") }\n'
    (helper / "store/stub.go").write_text(without)
    _, compiled = build(root)
    key = "tool.multiarch.helpers.greet.cgo"
    lost = f"{module}/store does not work without cgo, and greet is built without it for linux"
    assert helper / "store/stub.go" in compiled.sources.by_helper()["greet"][1]
    assert compiled.sources.cgo_warnings() == [f"{key}: {lost}; set cgo = true"]
