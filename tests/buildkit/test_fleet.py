"""A whole `hatch build` on a builder of two nodes, each of which compiles its own platform."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from buildkit.small import BOTH, PROGRAM, greet_of, report, small
from buildkitd import buildkit_image, node  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

HATCH_MULTIARCH = (sys.executable, "-m", "hatch_multiarch")


@pytest.mark.containerd_store
def test_each_helper_compiles_on_the_node_of_its_platform(
    engine: Engine,
    buildkit_image: str,  # noqa: F811
    go_image: str,
    tmp_path: Path,
    run: Callable[..., Ran],
    buildkit: Callable[..., Ran],
    emulate: Callable[[str], list[str]],
) -> None:
    name = f"hm-fleet-{os.urandom(4).hex()}"
    with (
        node(engine, buildkit_image, "--oci-worker-platform=linux/arm64") as arm,
        node(engine, buildkit_image, "--oci-worker-platform=linux/amd64") as amd,
    ):
        nodes = [
            {"name": each, "endpoint": there.endpoint, "platforms": [platform]}
            for each, there, platform in zip(("pc", "box"), (amd, arm), BOTH, strict=True)
        ]
        builder = "".join(
            "[[tool.multiarch.builder.nodes]]\n"
            + "".join(f"{key} = {json.dumps(value)}\n" for key, value in each.items())
            for each in nodes
        )
        root = small(
            tmp_path / "greeter",
            engine,
            platforms=BOTH,
            builder=go_image,
            top='strategy = "native"',
            stage=f'go = "image"\n[tool.multiarch.builder]\nname = "{name}"\ndriver = "remote"\n'
            + builder,
        )
        (root / "helpers/greet/main.go").write_text(PROGRAM, "utf-8")
        words = ("builder", "create", "--bootstrap", "--project", root)
        run(*HATCH_MULTIARCH, *words)
        try:
            said = run(*HATCH_MULTIARCH, "plan", root, HATCH_MULTIARCH_ENGINE="")
            assert f"where: builder {name} (remote)" in said
            assert "  linux/amd64: node pc, on linux/amd64\n" in said
            assert "  linux/arm64: node box, on linux/arm64\n" in said
            buildkit(root)
        finally:
            run(*HATCH_MULTIARCH, "builder", "rm", "--project", root)
        for there, platform in ((amd, "linux/amd64"), (arm, "linux/arm64")):
            records = there.records()
            assert {each["FrontendAttrs"]["platform"] for each in records} == {platform}
            logs = "".join(there.log(each) for each in records)
            stage = f"compile-greet-{platform.replace('/', '-')}"
            # BuildKit writes [linux/amd64->arm64 ...] where it compiles across.
            steps = set(re.findall(r"^#\d+ \[(\S+) (compile-\S+) .*\] RUN", logs, re.MULTILINE))
            assert steps == {(platform, stage)}
    units = {each["platform"]: each["sha256"] for each in report(root)["units"]}
    for wheel in (root / "dist").glob("*.whl"):
        platform = "linux/arm64" if "aarch64" in wheel.name else "linux/amd64"
        assert greet_of(wheel) == units.pop(platform)
        unpacked = tmp_path / platform
        shutil.unpack_archive(wheel, unpacked, "zip")
        [program] = unpacked.rglob("greet")
        program.chmod(0o755)
        assert "compiled as a target 1.0.0" in run(*emulate(platform), program)
    assert not units
