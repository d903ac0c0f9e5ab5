"""Hatch's keys are named by the file that has them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hatchling.builders.wheel import WheelBuilderConfig

from hatch_multiarch.config.toml_document import hatch_key, hatch_table, read_hatch_file
from hatch_multiarch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "greeter"
version = "1"

[tool.multiarch]
platforms = ["linux/amd64"]

[tool.multiarch.helpers.greet]
"""
HOOK = "[build.targets.wheel.hooks.multiarch]\n"
CASES = [
    ("build.targets.sdist", 'exclude = ["helpers"]', "check", "leaves out helpers/greet"),
    ("build.targets.wheel.hooks.multiarch", "x = 1", "build", "unknown key"),
    ("build.hooks.multiarch", "x = 1", "build", "unknown key"),
    ("build.targets.wheel.sources", '"" = "acme"', "build", "puts the helpers into acme/"),
]
if hasattr(WheelBuilderConfig, "sbom_files"):  # not before hatchling 1.28
    says = "hatch-multiarch.cdx.json has the name of the SBOM"
    CASES.append(
        ("build.targets.wheel", f'sbom-files = ["{says.split(maxsplit=1)[0]}"]', "build", says)
    )


@pytest.mark.parametrize("own", [True, False], ids=["hatch.toml", "pyproject.toml"])
@pytest.mark.parametrize(("table", "line", "command", "says"), CASES, ids=[c[0] for c in CASES])
def test_keys(
    tmp_path: Path,
    run: Callable[..., Ran],
    own: bool,
    table: str,
    line: str,
    command: str,
    says: str,
) -> None:
    hook = "" if table.endswith("hooks.multiarch") else HOOK
    hatch = f"{hook}[{table}]\n{line}\n"
    pyproject = PYPROJECT
    if own:
        (tmp_path / "hatch.toml").write_text(hatch)
    else:
        (tmp_path / "hatch.toml").write_text("[envs.x]\n")
        pyproject += hatch.replace("[build", "[tool.hatch.build")
    (tmp_path / "pyproject.toml").write_text(pyproject)
    (tmp_path / "greeter").mkdir()
    (tmp_path / "greeter/__init__.py").touch()
    (tmp_path / "helpers/greet").mkdir(parents=True)
    (tmp_path / "helpers/greet/go.mod").write_text("module greet\n\ngo 1.21\n")
    (tmp_path / "helpers/greet/main.go").write_text("package main\n\nfunc main() {}\n")
    words = ["hatch_multiarch", "check"] if command == "check" else ["hatchling", "build"]
    said = run(sys.executable, "-m", *words, cwd=tmp_path, code=2 if "hooks" in table else 3).out
    key = table + {"unknown key": ".x"}.get(says, "") + (".sbom-files" if "sbom" in line else "")
    named = f"hatch.toml: {key}" if own else f"tool.hatch.{key}"
    assert f"error: {named}: {says}" in said
    assert "Compiling" not in said


def test_tables(tmp_path: Path) -> None:
    path = "build.hooks.multiarch"
    assert hatch_table(tmp_path, path) == "[tool.hatch.build.hooks.multiarch]"
    (tmp_path / "hatch.toml").write_text("[version]\npath = 'x.py'\n")
    assert hatch_key(tmp_path, path) == "tool.hatch.build.hooks.multiarch"
    (tmp_path / "hatch.toml").write_text("build.directory = 'out'\n")
    assert hatch_table(tmp_path, path) == "[build.hooks.multiarch] in hatch.toml"


@pytest.mark.parametrize("text", [b"[build", b"\xff", b"a = " + b"[" * 5000], ids=str)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "hatch.toml").write_bytes(text)
    with pytest.raises(ConfigError) as caught:
        read_hatch_file(tmp_path)
    assert len(caught.value.problems) == 1
    assert "hatch.toml: " in caught.value.problems[0]
