"""The table at the end, and where the outputs are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from hatch_multiarch.report.console.summary_table import markdown
from hatch_multiarch.report.report_model import (
    ImageRecord,
    OutputRecord,
    ProjectRecord,
    Report,
    TimingRecord,
    ToolsRecord,
    UnitRecord,
    WheelRecord,
)

TAGS = {
    "linux/amd64": "py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.musllinux_1_1_x86_64",
    "linux/arm64": "py3-none-manylinux2014_aarch64.manylinux_2_17_aarch64",
    "darwin/arm64": "py3-none-macosx_13_0_arm64",
    "windows/amd64": "py3-none-win_amd64",
}
GREET = UnitRecord(
    helper="greet",
    platform="linux/amd64",
    kind="program",
    install="package",
    sha256="0" * 64,
    size=1_612_345,
    libc="static",
    floor=None,
    macos=None,
    env={},
    compiler="none",
    go=None,
    seconds=3.2,
    cached=False,
    start=0.0,
    worker=0,
)
REPORT = Report(
    schema=1,
    project=ProjectRecord("greeter", "1.0.0"),
    tools=ToolsRecord("0.1.0", "1.27.0", "3.11.0", "host", "go 1.27.3", (), "zlib 1.3"),
    timing=TimingRecord("2026-11-25T12:00:00Z", 60.0),
    before=(),
    platforms=(*TAGS, "linux/mips64le"),
    units=(
        GREET,
        replace(GREET, platform="linux/arm64", seconds=487),
        replace(GREET, helper="tone", platform="linux/arm64", libc="glibc", floor="2.17"),
        replace(GREET, platform="darwin/arm64", libc="none", macos="13.0", cached=True),
        replace(GREET, platform="windows/amd64", libc="none"),
        replace(GREET, platform="linux/mips64le", libc="musl"),
    ),
    wheels=tuple(
        WheelRecord(f"greeter-1.0.0-{tag}.whl", platform, tag, 1, "0" * 64, {})
        for platform, tag in TAGS.items()
    ),
    sdist=None,
    image=ImageRecord(
        "greeter",
        ("1.0.0",),
        "sha256:" + "0" * 64,
        (OutputRecord("build/multiarch/greeter-1.0.0.oci.tar", "0" * 64, None),),
        "scratch",
        None,
        (),
        (),
    ),
    proof=(),
)
NARROW = """
platform        helper  libc          size        time  wheel
linux/amd64     greet   static      1.6 MB       3.2 s  manylinux2014_x86_64
                                                        manylinux_2_17_x86_64
                                                        musllinux_1_1_x86_64
linux/arm64     greet   static      1.6 MB  8 min 07 s  manylinux2014_aarch64
                tone    glibc 2.17  1.6 MB       3.2 s  manylinux_2_17_aarch64
darwin/arm64    greet   macOS 13.0  1.6 MB      cached  macosx_13_0_arm64
windows/amd64   greet   -           1.6 MB       3.2 s  win_amd64
linux/mips64le  greet   musl        1.6 MB       3.2 s

image   build/multiarch/greeter-1.0.0.oci.tar
report  build/multiarch/greeter-1.0.0.json
"""


def plain(text: str) -> str:
    """Return *text* without what makes its head bold."""
    return re.sub(r"\x1b\[\d*m", "", text)


def lines(text: str) -> str:
    """Return *text* without the blanks that fill a table's last column."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def test_at_80_columns(speak):
    console, stream = speak()
    console.summary(REPORT, Path("/p"), Path("/p/build/multiarch/greeter-1.0.0.json"))
    assert lines(stream.text) == NARROW
    assert max(map(len, stream.text.splitlines())) <= 80


def test_at_200_columns_the_wheels_file_names_fit(speak):
    console, stream = speak(terminal=True, COLUMNS="200")
    console.summary(REPORT, Path("/p"))
    first = stream.text.splitlines()[2]
    assert first.rstrip().endswith(f"3.2 s  {REPORT.wheels[0].file}")
    assert all(stream.text.count(wheel.file) == 1 for wheel in REPORT.wheels)


LONG = replace(
    REPORT,
    units=tuple(replace(each, helper="a-helper-whose-name-is-very-long") for each in REPORT.units),
)
TAG = re.compile(r"(?:many|musl)linux\w+|macosx\w+|win_\w+")


@pytest.mark.parametrize("report", [REPORT, LONG], ids=["short", "long"])
def test_a_tag_is_never_broken_and_stands_alone(speak, report):
    tags = [tag for wheel in report.wheels for tag in wheel.tag.split("-")[-1].split(".")]
    for width in (*range(1, 140, 3), None):
        columns = {} if width is None else {"COLUMNS": str(width)}
        console, stream = speak(terminal=width is not None, **columns)
        console.summary(report, Path("/p"))
        table = plain(stream.text).strip().split("\n\n")[0].splitlines()
        found = [TAG.findall(line) for line in table]
        if ".whl" not in stream.text:
            assert [tag for line in found for tag in line] == tags, width
            assert max(map(len, found)) == 1, width
        if width is not None and width > 40:
            assert max(map(len, table)) <= width


def test_a_log_has_one_tag_a_line_however_wide(speak):
    for columns in ("20", "80", "400"):
        console, stream = speak(COLUMNS=columns)
        console.summary(REPORT, Path("/p"), Path("/p/build/multiarch/greeter-1.0.0.json"))
        assert stream.text == NARROW


LISTS = """
helper  libc  size  time
linux/amd64
  greet  static  1.6 MB  3.2 s
  manylinux2014_x86_64
  manylinux_2_17_x86_64
  musllinux_1_1_x86_64
linux/arm64
  greet
    static  1.6 MB  8 min 07 s
  tone
    glibc 2.17  1.6 MB  3.2 s
"""


def test_at_30_columns(speak):
    console, stream = speak(terminal=True, COLUMNS="30")
    console.summary(REPORT, Path("/p"))
    assert plain(stream.text).startswith(LISTS)
    assert "\n  greet  musl  1.6 MB  3.2 s\n\nimage" in stream.text


def test_the_head_is_bold(speak):
    console, stream = speak(terminal=True, COLUMNS="80", TERM="xterm")
    console.summary(REPORT, Path("/p"))
    assert "\x1b[1mplatform" in stream.text


def test_names_are_not_markup(speak):
    console, stream = speak()
    units = (replace(GREET, helper="[red]x"),)
    console.summary(replace(REPORT, units=units, platforms=("linux/amd64",)), Path("/p"))
    assert "[red]x" in stream.text


def test_without_helpers_and_image_there_is_nothing_to_say(speak):
    console, stream = speak()
    console.summary(replace(REPORT, units=(), image=None), Path("/p"))
    assert stream.text == ""


def test_quiet(speak):
    console, stream = speak(-1)
    console.summary(REPORT, Path("/p"), Path("/p/x.json"))
    assert stream.text == ""


def test_an_ascii_stream_takes_it(speak):
    console, stream = speak(encoding="ascii", FORCE_COLOR="1")
    console.summary(REPORT, Path("/p"))
    assert "greet" in stream.text


def test_no_columns_are_no_reason_to_say_nothing(speak):
    for columns in ("0", "00", "", "x"):
        console, stream = speak(COLUMNS=columns)
        console.note("said")
        assert "note: said" in stream.text


def test_as_markdown_it_is_the_table_and_nothing_else() -> None:
    """markdown-it, an independent reader, finds each cell as the report has it."""
    odd = "a|b `c` *d* _e_ <b>f</b> [g](h) \\ ~~i~~ &amp; j\n# k"
    units = (replace(GREET, helper=odd), *REPORT.units[1:])
    image = ImageRecord("ghcr.io/team/greeter", (), "sha256:" + "1" * 64, (), "", None, (), ())
    report = replace(REPORT, units=units, image=image, project=ProjectRecord(odd, "1.0.0"))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown(report))
    found = [each for each in tokens if each.type == "inline"]
    assert all(
        child.type in ("text", "text_special") for each in found for child in each.children or ()
    )
    heading, *cells, last = [
        "".join(child.content for child in each.children or ()) for each in found
    ]
    plain = odd.replace("\n", " ")
    assert heading == f"{plain} 1.0.0"
    rows = [cells[at : at + 6] for at in range(0, len(cells), 6)]
    assert rows[0] == ["platform", "helper", "libc", "size", "time", "wheel"]
    assert rows[1] == ["linux/amd64", plain, "static", "1.6 MB", "3.2 s", REPORT.wheels[0].file]
    assert rows[3] == ["", "tone", "glibc 2.17", "1.6 MB", "3.2 s", ""]
    assert len(rows) == 1 + len(REPORT.units)
    assert last == f"image ghcr.io/team/greeter, {image.digest}"
