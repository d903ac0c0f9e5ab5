"""Which go.work a helper is compiled with: the environment's, the config's, or the project's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.config import Helper
from hatch_multiarch.plan.mod_file import ModFile, find_workspace

if TYPE_CHECKING:
    from pathlib import Path

OUR = {"go.work": "use (\n\t./helpers/greet // ours\n\t./lib\n)\n"}
OUTSIDE = {"go.work": 'use "./helpers/greet"\nuse ../lib\n'}
NEAR = {**OUR, "helpers/go.work": "use greet\n"}
VENDOR = "helpers/greet/vendor/modules.txt"
CASES = [
    ("none", {}, "auto", "", None),
    ("the project's", OUR, "auto", "", "go.work"),
    ("the nearest", NEAR, "auto", "", "helpers/go.work"),
    ("one that does not use it", {"go.work": "use ./lib\n"}, "auto", "", None),
    ("above one that does not", {**OUR, "helpers/go.work": "use x\n"}, "auto", "", "go.work"),
    ("above the project", {"../go.work": "use p/helpers/greet\n"}, "auto", "", None),
    ("outside", OUTSIDE, "auto", "", None),
    ("outside, but named", OUTSIDE, "go.work", "", "go.work"),
    ("its own vendor folder", {**OUR, VENDOR: "# x v1\n"}, "auto", "", None),
    ("the workspace's", {**OUR, VENDOR: "## workspace\n"}, "auto", "", "go.work"),
    ("off", OUR, "off", "", None),
    ("named", NEAR, "go.work", "", "go.work"),
    ("no file", OUR, "no.work", "", "no.work"),
    ("another's", {"go.work": "use ./lib\n"}, "go.work", "", "go.work"),
    ("GOWORK=off", OUR, "go.work", "off", None),
    ("GOWORK=auto", {"../go.work": "use p/helpers/greet\n"}, "off", "auto", "../go.work"),
    ("GOWORK", OUR, "auto", "/w/go.work", "/w/go.work"),
]
SAYS = {
    "outside": (
        "greet: go.work is not used, because ../lib in it is outside the project; to use it set "
        'tool.multiarch.helpers.greet.workspace = "go.work"'
    ),
    "no file": "tool.multiarch.helpers.greet.workspace: there is no file no.work",
    "another's": (
        "tool.multiarch.helpers.greet.workspace: go.work does not use helpers/greet; add it with "
        "`go work use`"
    ),
}


@pytest.mark.parametrize(
    ("name", "files", "key", "gowork", "expected"), CASES, ids=[case[0] for case in CASES]
)
def test_workspace(
    tmp_path: Path, name: str, files: dict[str, str], key: str, gowork: str, expected: str | None
) -> None:
    root = tmp_path / "p"
    (root / "helpers/greet").mkdir(parents=True)
    for path, text in files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    problems: list[str] = []
    notes: list[str] = []
    found = find_workspace(root, Helper("greet", workspace=key), gowork, problems, notes)
    assert (found and found.resolve()) == (expected and (root / expected).resolve())
    assert problems + notes == ([SAYS[name]] if name in SAYS else [])


def test_mod_file(tmp_path: Path) -> None:
    path = tmp_path / "go.mod"
    path.write_text(
        'module "example.com/a" // it\ngo 1.21\nnonsense (\nrequire (\n)\n'
        'require (\n\texample.com/b v1.0.0 // indirect\n\t"example.com/c" v1.0.0\n)\n'
        "require example.com/d v0.0.0\nreplace example.com/b => ./b // here\n"
        'replace (\n\texample.com/c v1.0.0 => "../c d"\n'
        "\texample.com/e => example.com/f v1.0.0\n)\n"
        'replace example.com/g => C:\\g\nuse ()\nuse .\nuse "./a \\"b\\" `c`"\n'
    )
    said = ModFile.read(path)
    assert (said.module, said.uses) == ("example.com/a", (".", './a "b" `c`'))
    assert said.requires == ("example.com/b", "example.com/c", "example.com/d")
    assert said.replaces == (
        ("example.com/b", "./b"),
        ("example.com/c", "../c d"),
        ("example.com/g", "C:\\g"),
    )
    assert said.folder("../c d") == tmp_path.parent / "c d"
