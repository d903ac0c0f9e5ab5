"""Real validators judge by our schema: validate-pyproject, and taplo, which editors run."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Ran

GOOD = (REPOSITORY / "example_project/pyproject.toml").read_text("utf-8")


@pytest.fixture(scope="module")
def validate(
    run: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Ran]:
    """Run it beside our wheel, whose metadata hold the entry point."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=REPOSITORY)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    path = os.pathsep.join(filter(None, [str(folder / "site"), os.environ.get("PYTHONPATH", "")]))

    def validate(text: str, code: int) -> Ran:
        (folder / "pyproject.toml").write_text(text, "utf-8")
        command = [sys.executable, "-m", "validate_pyproject", folder / "pyproject.toml"]
        return run(*command, code=code, cwd=folder, PYTHONPATH=path)

    return validate


def test_the_example_is_good(validate: Callable[..., Ran]) -> None:
    assert "Valid file" in validate(GOOD, 0)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("cgo = true", 'cgo = "yes"', "tool.multiarch.helpers.tone.cgo"),
        ("cgo = true", "cgi = true", "tool.multiarch.helpers.tone"),
        ("[tool.multiarch]", '[tool.multiarch]\nstrategy = "crosss"', "tool.multiarch.strategy"),
    ],
)
def test_a_bad_one_names_the_key(
    validate: Callable[..., Ran], old: str, new: str, key: str
) -> None:
    assert old in GOOD
    said = validate(GOOD.replace(old, new, 1), 1)
    assert f"`{key}`" in said


@pytest.mark.parametrize(("cgo", "code"), [("true", 0), ('"yes"', 1)])
def test_taplo_takes_the_schema_that_a_file_names(
    run: Callable[..., Ran], tmp_path: Path, cgo: str, code: int
) -> None:
    printed = run(sys.executable, "-m", "hatch_multiarch.config.schema", "--document").out
    (tmp_path / "multiarch.schema.json").write_text(printed, "utf-8")
    text = "#:schema ./multiarch.schema.json\n" + GOOD.replace("cgo = true", f"cgo = {cgo}")
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    taplo = shutil.which(
        "taplo", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    said = run(taplo or "taplo", "check", "pyproject.toml", cwd=tmp_path, code=code)
    assert ('"yes" is not of type "boolean"' in said) == bool(code)


def test_another_table_is_nobody_s() -> None:
    from hatch_multiarch.config.schema import json_schema, tool_schema

    assert tool_schema("multiarch") == json_schema()
    with pytest.raises(ValueError, match=r"tool\.other"):
        tool_schema("other")
