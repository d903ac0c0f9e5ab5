"""The strategies that do not compile across: under QEMU when asked to, and never unasked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from buildkit.small import PROGRAM, greet_of, report, small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

PLAN = (sys.executable, "-m", "hatch_multiarch", "plan")
ARM64 = ("linux/arm64",)


def test_native_is_refused_before_anything_runs(
    engine: Engine, tmp_path: Path, run: Callable[..., Ran], buildkit: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, platforms=ARM64, top='strategy = "native"')
    for said in (run(*PLAN, root, code=3, HATCH_MULTIARCH_ENGINE=""), buildkit(root, code=3)):
        assert (
            "error: tool.multiarch.strategy is 'native', but linux/arm64 would be emulated on the "
            "node 'default', which is linux/amd64\n"
        ) in said
        assert "tool.multiarch.strategy = 'cross'" in said
    assert not list((root / "dist").iterdir())
    assert not (root / "build").exists()


def test_native_compiles_what_the_node_is(
    engine: Engine, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, top='strategy = "native"')
    buildkit(root)
    assert [each["platform"] for each in report(root)["units"]] == ["linux/amd64"]


@pytest.mark.containerd_store
def test_other_systems_are_compiled_across_by_every_strategy(
    engine: Engine, tmp_path: Path, run: Callable[..., Ran], buildkit: Callable[..., Ran]
) -> None:
    platforms = ("linux/amd64", "darwin/arm64", "windows/amd64")
    root = small(tmp_path / "greeter", engine, platforms=platforms, top='strategy = "native"')
    said = run(*PLAN, root, HATCH_MULTIARCH_ENGINE="")
    for platform in platforms:
        assert f"  {platform}: node default, on linux/amd64\n" in said
    buildkit(root)
    tags = sorted(path.stem.partition("py3-none-")[2] for path in (root / "dist").glob("*.whl"))
    assert [tag.partition("_")[0] for tag in tags] == ["macosx", "manylinux2014", "win"]


@pytest.mark.containerd_store
def test_emulate_runs_the_compiler_as_its_target(
    engine: Engine,
    go_image: str,
    tmp_path: Path,
    run: Callable[..., Ran],
    buildkit: Callable[..., Ran],
) -> None:
    root = small(
        tmp_path / "greeter",
        engine,
        platforms=ARM64,
        builder=go_image,
        stage='go = "image"',
        top='strategy = "emulate"',
    )
    (root / "helpers/greet/main.go").write_text(PROGRAM, "utf-8")
    said = run(*PLAN, root, HATCH_MULTIARCH_ENGINE="")
    assert "  linux/arm64: node default, emulated by QEMU\n" in said
    buildkit(root)
    [unit] = report(root)["units"]
    [wheel] = (root / "dist").glob("*.whl")
    assert wheel.name.endswith("aarch64.whl")
    assert greet_of(wheel) == unit["sha256"]
