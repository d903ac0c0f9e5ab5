"""What every command does alike: help, JSON, errors. New commands are met by walking argparse."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from support import REPOSITORY, clean_env

from hatch_multiarch import __version__, cli, errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")
WITHOUT_JSON = {
    "completion": "prints a script that a shell reads",
    "schema": "prints a schema, which is JSON already",
}
"""Commands without --json, and why."""
LINES, COLUMNS = 40, 80


def walk(parser: argparse.ArgumentParser, *words: str) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield *parser* and those of its commands, each with the words that lead to it."""
    yield parser, words
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from walk(inner, *words, name)


def needs_command(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> bool:
    return not words or any(
        isinstance(each, argparse._SubParsersAction) and each.required for each in parser._actions
    )


PARSERS = {" ".join(words): (parser, words) for parser, words in walk(cli.parser())}
COMMANDS = {name: found for name, found in PARSERS.items() if not needs_command(*found)}
WITH_JSON = {n: found for n, found in COMMANDS.items() if n.split()[0] not in WITHOUT_JSON}


@pytest.mark.parametrize("name", PARSERS)
def test_help_is_short_and_has_an_example(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    lines = PARSERS[name][0].format_help().splitlines()
    assert len(lines) <= LINES
    assert [line for line in lines if len(line) > COLUMNS] == []
    at = lines.index("example:")
    assert lines[at + 1].startswith(f"  hatch-multiarch {name}".rstrip())


@pytest.mark.parametrize("name", sorted({words[0] for _, words in PARSERS.values() if words}))
def test_every_command_has_a_module_of_its_name(name: str) -> None:
    assert callable(import_module(f"hatch_multiarch.cli.{name}").run)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_speaks_json(name: str) -> None:
    has = "--json" in COMMANDS[name][0]._option_string_actions
    assert has == (name in WITH_JSON), f"{name}: add --json, or say in WITHOUT_JSON why not"


def document(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """Run a command; its standard output must be one JSON document, whatever happened."""
    code = cli.main([*words])
    return code, json.loads(capfd.readouterr().out)


@pytest.mark.parametrize("name", WITH_JSON)
def test_a_wrong_word_is_json_too(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    words = WITH_JSON[name][1]
    code, told = document(capfd, *words, "--json", "--no-such-option")
    assert code == told["error"]["exit_code"] == 2
    assert set(told) == {"error"}
    assert told["error"]["message"]
    assert told["error"]["advice"]


@pytest.mark.parametrize("name", WITH_JSON)
def test_where_nothing_works_there_is_still_one_document(name: str, tmp_path: Path) -> None:
    parser, words = WITH_JSON[name]
    (tmp_path / "pyproject.toml").write_text("[tool.multiarch.helpers.greet]\ncgo = 'no'\n")
    taken = [a for a in parser._actions if not a.option_strings and a.required]
    more = ["nowhere" for each in taken if not isinstance(each, argparse._SubParsersAction)]
    done = subprocess.run(
        [*CLI, *words, "--json", *more],
        cwd=tmp_path,
        env=clean_env(PATH=str(tmp_path)),
        capture_output=True,
        check=False,
    )
    told = json.loads(done.stdout)
    if done.returncode:
        error = told["error"]
        assert error["exit_code"] == done.returncode
        assert error["message"]
        assert "advice" in error


def test_an_error_names_the_key(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HATCH_MULTIARCH_IMAGE", "perhaps")
    _, told = document(capfd, "plan", "--json", str(project))
    assert told == {
        "error": {
            "message": "HATCH_MULTIARCH_IMAGE: expected 0 or 1, found 'perhaps'",
            "advice": "",
            "key": "HATCH_MULTIARCH_IMAGE",
            "exit_code": 2,
        }
    }
    monkeypatch.delenv("HATCH_MULTIARCH_IMAGE")
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("cgo = true", 'cgo = "yes"'))
    code, told = document(capfd, "plan", "--json", str(project))
    assert (code, told["error"]["key"]) == (2, "tool.multiarch.helpers.tone.cgo")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["verfy"], "error: unknown command 'verfy'; did you mean verify?"),
        (["builder", "crate"], "error: unknown command 'crate'; did you mean create?"),
        (["plan", "--jsn"], "error: unknown option --jsn; did you mean --json?"),
        (["verify", "--time=3"], "error: unknown option --time; did you mean --timeout?"),
        (["--vresion"], "error: unknown option --vresion; did you mean --version?"),
        (["xyz"], "error: unknown command 'xyz'"),
        (
            ["plan", "--mode", "al"],
            "error: --mode: expected all, one or editable, found 'al'; did you mean all?",
        ),
        (["check", "a", "b"], "error: unexpected argument 'b'"),
        (["plan", "--mode"], "error: --mode: expected one argument"),
        ([], "error: expected a command"),
    ],
)
def test_a_wrong_word_names_the_nearest(
    words: list[str], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    out, err = capfd.readouterr()
    first, hint = err.splitlines()
    assert (out, first) == ("", says)
    assert "--help`" in hint


def test_words_for_a_helper_are_not_ours(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", "--timeout", "0", "--", "--json"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "--timeout" in err


def test_version(run: Callable[..., Ran]) -> None:
    assert run(*CLI, "--version").out == f"hatch-multiarch {__version__}\n"


def test_a_reader_that_goes_away_is_no_traceback(project: Path) -> None:
    with subprocess.Popen(
        [*CLI, "plan", str(project)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.close()
        assert child.stderr
        said = child.stderr.read()
    assert (child.returncode, said) == (cli.BROKEN_PIPE, b"")


def test_each_kind_of_error_has_a_code_and_says_what_it_is() -> None:
    """The table in docs/reference/exit-codes.md is made of the same (tests/docs)."""
    codes = errors.exit_codes()
    kinds = errors.MultiarchError.__subclasses__()
    assert {kind.exit_code for kind in kinds} == set(codes)
    assert 1 not in codes, "1 is what the root says, and `lock --check`"
    own = [kind.__doc__.partition("\n")[0] for kind in kinds if kind.__doc__]
    assert len(own) == len(kinds)
    assert all(each.endswith(".") for each in own), "a first line is a row of the table"


def test_the_shape_of_every_document_is_documented() -> None:
    page = (REPOSITORY / "docs/reference/commands.md").read_text("utf-8").partition("## JSON")[2]
    rows = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `")]
    told = [word for row in rows for word in re.findall(r"`([^`]+)`", row)]
    for name in WITH_JSON:
        action = name.partition(" ")[2]
        assert name in told or (action and action in told), f"docs/reference/commands.md: {name}"
