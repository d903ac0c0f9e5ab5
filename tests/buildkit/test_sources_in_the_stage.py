"""The builder stage has what the host has: a workspace's modules, and whatever is embedded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from buildkit.small import small

from hatch_multiarch.platforms import host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

MAIN = """\
package main

import (
	"embed"
	"fmt"
	"io/fs"

	"example.com/lib"
)

//go:embed all:data
var files embed.FS

func main() {
	fmt.Print(lib.Text)
	_ = fs.WalkDir(files, "data", func(path string, _ fs.DirEntry, err error) error {
		fmt.Print(" ", path)
		return err
	})
}
"""


def test_a_workspace_and_folders_that_are_embedded(
    engine: Engine, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    here = host().name
    root = small(tmp_path / "greeter", engine, platforms=(here,))
    files = {
        "go.work": "go 1.21\n\nuse (\n\t./helpers/greet\n\t./lib\n)\n",
        "lib/go.mod": "module example.com/lib\n\ngo 1.21\n",
        "lib/lib.go": 'package lib\n\nconst Text = "from lib:"\n',
        "helpers/greet/main.go": MAIN,
        "helpers/greet/.venv/large": "",
        **{f"helpers/greet/data/{name}/a": "" for name in (".venv", "__pycache__", "b")},
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    embedded = " data data/.venv data/.venv/a data/__pycache__ data/__pycache__/a data/b data/b/a"
    binary = root / "build/multiarch/bin" / here.replace("/", "-") / "greet"
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    for compiler in ("buildkit", "host"):
        said = run(*build, cwd=root, HATCH_MULTIARCH_ENGINE=compiler).out
        assert "leaves out helpers/greet/data/.venv/a, helpers/greet/data/__pycache__/a" in said
        assert run(binary).out == f"from lib:{embedded}"
        binary.unlink()
