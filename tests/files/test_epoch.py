"""SOURCE_DATE_EPOCH: what every output can say, or one line before anything is begun."""

from __future__ import annotations

import sys
import zipfile
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.errors import ConfigError
from hatch_multiarch.files.epoch import DEFAULT_EPOCH, END, read_epoch, timestamp
from hatch_multiarch.plan import Switches

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "SOURCE_DATE_EPOCH"
SAID = "SOURCE_DATE_EPOCH: expected seconds since 1970, before 2108 (4354819200), found "


@pytest.mark.parametrize("text", ["0", "1", "007", "315532799", "1700000000", str(END - 1)])
def test_what_is_a_time(text: str) -> None:
    assert read_epoch({NAME: text}) == int(text)
    assert timestamp(int(text)).endswith("Z")


def test_no_time_at_all() -> None:
    assert read_epoch({}) == DEFAULT_EPOCH


BAD = {
    "": "''; unset it for 2020-02-02",
    " ": "' '; unset it for 2020-02-02",
    str(END): f"'{END}'",
    "9999999999": "'9999999999'",
    "1700000000000": "'1700000000000'; in milliseconds, it seems: set 1700000000",
    "1" * 5000: f"'{'1' * 40}'",
    "today": "'today'",
    "-1": "'-1'",
    "+1": "'+1'",
    "1.5": "'1.5'",
    "1_000": "'1_000'",
    "1700000000\n": "'1700000000\\n'",
    "٣": "'٣'",
    "0x10": "'0x10'",
    "2023-11-14": "'2023-11-14'",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_none(text: str) -> None:
    for read in (read_epoch, Switches.read):
        with pytest.raises(ConfigError) as caught:
            read({NAME: text})
        assert caught.value.problems == [SAID + BAD[text]]


def test_a_build_without_helpers_does_not_ask() -> None:
    assert Switches.read({NAME: "today", "HATCH_MULTIARCH_SKIP": "1"}).skip


def test_the_last_second_is_the_zip_formats(tmp_path: Path) -> None:
    def write(seconds: int) -> None:
        date = datetime.fromtimestamp(seconds, timezone.utc).timetuple()[:6]
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("x", date), b"")

    write(END - 1)
    with pytest.raises(Exception, match=r"format requires|out of range"):
        write(END)


@pytest.mark.parametrize("text", ["", str(END), "today"])
def test_it_is_said_before_an_sdist_is_begun(
    tmp_path: Path, run: Callable[..., Any], text: str
) -> None:
    """Where the hook is that of every target, hatchling asks it for the sdist too."""
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling", "hatch-multiarch"]\n'
        'build-backend = "hatchling.build"\n[project]\nname = "greeter"\nversion = "1"\n'
        '[tool.hatch.build.hooks.multiarch]\n[tool.multiarch]\nplatforms = ["linux/amd64"]\n'
        "[tool.multiarch.helpers.greet]\n"
    )
    words = [sys.executable, "-m", "hatchling", "build"]
    said = run(*words, cwd=tmp_path, code=2, SOURCE_DATE_EPOCH=text).out
    assert SAID + BAD[text] in " ".join(said.split())
    assert "Traceback" not in said
    assert not list((tmp_path / "dist").glob("*"))
