"""What is said where nothing moves: logs, pipes, CI."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hatch_multiarch.errors import CompileError
from hatch_multiarch.report.console.formatting import duration, megabytes, tame


def test_one_line_per_unit_in_order_of_finishing(speak, unit):
    console, stream = speak()
    first, second, third = unit(), unit("tone"), unit("tone", "linux/arm/v7")
    with console.build([first, second, third]) as progress:
        progress.started(first)
        progress.started(second)
        progress.finished(second, 12.34, cached=False)
        progress.finished(first, 0.01, cached=True)
        progress.failed(third, CompileError("no"))
    assert stream.text == (
        "Compiling 3 helper binaries\n"
        "tone linux/arm64 ... 12.3 s\n"
        "greet linux/arm64 ... cached\n"
        "tone linux/arm/v7 ... failed\n"
    )


def test_a_title_of_ones_own(speak, unit):
    console, stream = speak()
    with console.build([unit()], "Fetching"):
        pass
    assert stream.text == "Fetching\n"


def test_nothing_to_build_is_nothing_to_say(speak):
    console, stream = speak()
    with console.build([]):
        pass
    assert stream.text == ""


def test_notes_warnings_errors(speak):
    console, stream = speak()
    console.note("a note\nof two lines")
    console.warn("a warning " + "that is long " * 10 + "end")
    console.error(CompileError("it failed", advice="do this"))
    assert stream.text == (
        "note: a note\n  of two lines\n"
        "warning: a warning " + "that is long " * 10 + "end\n"
        "error: it failed\n    hint: do this\n"
    )


def test_quiet_says_errors_only(speak, unit):
    console, stream = speak(-1, GITHUB_ACTIONS="true")
    with console.build([unit()]) as progress:
        progress.started(unit())
        progress.finished(unit(), 3.21, cached=False)
    console.note("note")
    console.warn("warning")
    assert stream.text == ""
    console.error(CompileError("it failed"))
    assert stream.text == "error: it failed\n"


def test_github_folds_the_lines_also_when_it_fails(speak, unit):
    console, stream = speak(GITHUB_ACTIONS="true")

    def build():
        with console.build([unit()]) as progress:
            progress.finished(unit(), 3.21, cached=False)
            raise CompileError("no")

    with pytest.raises(CompileError):
        build()
    assert stream.text == (
        "::group::Compiling 1 helper binary\ngreet linux/arm64 ... 3.2 s\n::endgroup::\n"
    )


@pytest.mark.parametrize(
    ("env", "colour"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "CI": "true"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_in_a_pipe(speak, env, colour):
    console, stream = speak(**env)
    console.note("x")
    assert ("\x1b[36m" in stream.text) is colour


@pytest.mark.parametrize(
    "env", [{"CI": "true"}, {"GITHUB_ACTIONS": "true"}, {"TERM": "dumb"}], ids=str
)
def test_nothing_moves_in_ci_or_on_a_dumb_terminal(speak, unit, env):
    console, stream = speak(terminal=True, NO_COLOR="1", **env)
    with console.build([unit()]) as progress:
        progress.finished(unit(), 3.21, cached=False)
    assert "greet linux/arm64 ... 3.2 s\n" in stream.text
    assert "\x1b" not in stream.text


def test_text_is_never_markup_nor_steers_the_terminal(speak, unit):
    console, stream = speak(FORCE_COLOR="1", NO_COLOR="1")
    nasty = unit("[red]x[/red]:smile:")
    with console.build([nasty], "[bold]t") as progress:
        progress.finished(nasty, 3.21, cached=False)
    console.note("[/] [link=x] \x1b[31m\x07\r :wave: 1.5 'text' /a/path")
    assert stream.text == (
        "[bold]t\n[red]x[/red]:smile: linux/arm64 ... 3.2 s\n"
        "note: [/] [link=x] \\x1b[31m\\x07\\r :wave: 1.5 'text' /a/path\n"
    )


def test_what_the_stream_cannot_encode_is_escaped(speak):
    console, stream = speak(encoding="ascii")
    console.note("h\u00e9llo \u2713")
    assert stream.text == "note: h\\xe9llo \\u2713\n"


def test_lines_of_many_threads_do_not_mix(speak, unit):
    console, stream = speak()
    units = [unit(f"helper{number}") for number in range(200)]
    with console.build(units) as progress, ThreadPoolExecutor(16) as pool:
        for each in units:
            pool.submit(progress.started, each)
            pool.submit(progress.finished, each, 3.21, cached=False)
    lines = stream.text.splitlines()[1:]
    assert sorted(lines) == sorted(f"{each.id} ... 3.2 s" for each in units)


def test_standard_output_stays_untouched(tmp_path):
    script = (
        "from hatch_multiarch.report.console import Console\n"
        "c = Console(env={}); c.note('a'); c.error(ValueError('b'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "note: a\nerror: b\n")


def test_importing_it_does_not_import_rich():
    script = "import sys, hatch_multiarch.report.console; print('rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (3.21, "3.2 s"), (59.94, "59.9 s"), (59.97, "1 min 00 s"), (487, "8 min 07 s")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_sizes():
    assert megabytes(2_345_678) == "2.3 MB"


def test_tabs_become_blanks():
    assert tame("a\tb", "utf-8") == "a       b"


def test_one_thing_is_a_line_in_a_log_and_moves_on_a_terminal(speak):
    console, stream = speak()
    with console.task("Pushing [b]x") as doing:
        doing("uploaded 1 of 2 MB")
    assert stream.text == "Pushing [b]x\n"
    console, stream = speak(-1)
    with console.task("Pushing x") as doing:
        doing("uploaded 1 of 2 MB")
    assert stream.text == ""
    console, stream = speak(terminal=True, TERM="xterm")
    with console.task("Pushing [b]x") as doing:
        doing("uploaded 1 of 2 MB\x1b[2J")
    assert "Pushing [b]x: uploaded 1 of 2 MB\\x1b[2J" in stream.text
    assert stream.text.count("\x1b[?25l") == stream.text.count("\x1b[?25h") == 1
