"""What TOML can be, in pyproject.toml and hatch.toml: a document, or one line."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import clean_env

from hatch_multiarch.config.toml_document import DEEPEST, parse_toml
from hatch_multiarch.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

DEEP = ".".join("a" * 3000)
REFUSED = {
    "table": f"[tool.{DEEP}]\n",
    "key": f"{DEEP} = 1\n",
    "arrays": f"a = {'[' * 3000}{']' * 3000}\n",
    "inline": f"a = {'{a = ' * 3000}1{'}' * 3000}\n",
    "tables of arrays": f"[[{DEEP}]]\n",
    "one too many": f"{'.'.join('a' * DEEPEST)} = [1]\n",
}
NESTED = "nested too deeply"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_nested_too_deeply_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^hatch\.toml: its arrays or tables are {NESTED}$"):
        parse_toml(REFUSED[name].encode(), "hatch.toml")


def test_other_documents_are_as_they_are() -> None:
    assert parse_toml(f"{'.'.join('a' * (DEEPEST - 1))} = [1]\n", "x")
    assert parse_toml(b"a = [1, {b = []}]\n", "x") == {"a": [1, {"b": []}]}
    for bad in (b"\xff", b"a = ", "a = " + "9" * 5000 + "x"):
        with pytest.raises(ConfigError, match=r"^x: not valid TOML: "):
            parse_toml(bad, "x")


@pytest.mark.parametrize("command", [("init", "--diff"), ("check",), ("plan",)])
@pytest.mark.parametrize("file", ["pyproject.toml", "hatch.toml"])
def test_no_command_shows_a_traceback(tmp_path: Path, command: tuple[str, ...], file: str) -> None:
    project = '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = ["hatchling"]\n'
    project += 'build-backend = "hatchling.build"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    with (tmp_path / file).open("a") as more:
        more.write(f"[tool.x.{DEEP}]\n")
    words = [sys.executable, "-m", "hatch_multiarch", *command]
    done = subprocess.run(
        words, cwd=tmp_path, env=clean_env(), capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode in (2, 3)
    assert "Traceback" not in said
    if file == "pyproject.toml" or command == ("check",):  # what reads hatch.toml first
        assert NESTED in said
