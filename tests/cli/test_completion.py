"""Schemas and completion scripts, as an editor and a shell take them; and every command's help."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from support import REPOSITORY, need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")
ASK = """
source "$1"
COMP_WORDS=("${@:2}"); COMP_CWORD=$(( $# - 2 )); COMP_LINE="${*:2}"; COMP_POINT=${#COMP_LINE}
handler=$(complete -p hatch-multiarch | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$handler" hatch-multiarch "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(tmp_path: Path, run: Callable[..., Ran]) -> Path:
    path = tmp_path / "completion.bash"
    path.write_text(run(*CLI, "completion", "bash").out)
    return path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ch"], {"check"}),
        (["in"], {"init", "inspect"}),
        (["build", "--plat"], {"--platform"}),
        (["builder", "insp"], {"inspect"}),
        (["completion", "f"], {"fish"}),
    ],
)
def test_bash_completes(
    script: Path, run: Callable[..., Ran], words: list[str], expected: set[str]
) -> None:
    said = run("bash", "-c", ASK, "bash", script, "hatch-multiarch", *words).out
    assert {line.strip() for line in said.splitlines()} == expected


@pytest.mark.witness
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ch", {"check"}),
        ("verify --reb", {"--rebuild"}),
        ("ci ", {"github", "gitlab"}),
    ],
)
def test_fish_completes(
    tmp_path: Path, run: Callable[..., Ran], words: str, expected: set[str]
) -> None:
    path = tmp_path / "hatch-multiarch.fish"
    path.write_text(run(*CLI, "completion", "fish").out)
    ask = 'source $argv[1]; complete --do-complete "hatch-multiarch $argv[2]"'
    said = run(need("fish"), "--no-config", "--command", ask, path, words).out
    assert {line.partition("\t")[0] for line in said.splitlines()} == expected


@pytest.mark.witness
def test_zsh_takes_it_for_a_command(tmp_path: Path, run: Callable[..., Ran]) -> None:
    path = tmp_path / "script"
    path.write_text(run(*CLI, "completion", "zsh").out)
    run(need("zsh"), "-n", path)
    ask = 'autoload -Uz compinit; compinit -D; eval "$(<$1)"; print -r $_comps[hatch-multiarch]'
    handler = run(need("zsh"), "-f", "-c", ask, "zsh", path).out.strip()
    assert f"\n{handler}() {{" in path.read_text()


def test_without_shtab_the_extra_is_named(run: Callable[..., Ran]) -> None:
    code = (
        "import sys; sys.modules['shtab'] = None; from hatch_multiarch.cli import main; "
        "sys.exit(main(['completion', 'bash']))"
    )
    said = run(sys.executable, "-c", code, code=4)
    assert 'hint: pip install "hatch-multiarch[completion]"' in said


def test_schemas_are_printed_as_they_are(run: Callable[..., Ran]) -> None:
    for words, file in ((), "config/schema.json"), (("--report",), "report/report.schema.json"):
        said = run(*CLI, "schema", *words).out
        assert said == (REPOSITORY / "hatch_multiarch" / file).read_text("utf-8")
        assert json.loads(said)["$schema"]


@pytest.mark.parametrize("command", ["init", "check", "build", "schema", "completion"])
def test_help_is_short_and_has_an_example(run: Callable[..., Ran], command: str) -> None:
    said = run(*CLI, command, "--help", COLUMNS="80").out
    assert len(said.splitlines()) < 30
    assert max(map(len, said.splitlines())) <= 80
    assert f"\nexample:\n  hatch-multiarch {command}" in said
