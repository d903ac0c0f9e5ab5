"""A project of one pure-Go helper, which BuildKit compiles in seconds."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

from support import copy_example

if TYPE_CHECKING:
    from pathlib import Path

    from engine_fixture import Engine

PROGRAM = """\
package main

var version = "unknown"

func main() { println("compiled as a target", version) }
"""
"""Without a package that would be compiled under QEMU, too."""

AMD64, BOTH = ("linux/amd64",), ("linux/amd64", "linux/arm64")


def small(
    root: Path,
    engine: Engine,
    *,
    platforms: tuple[str, ...] = AMD64,
    top: str = "",
    helper: str = "",
    image: str = "",
    stage: str = "",
    builder: str | None = None,
) -> Path:
    """Make the example's greeter without its cgo helper in *root*, with these lines of config.

    *builder* is the stage's image, of the engine unless another is named; empty for none.
    """
    copy_example(root)
    shutil.rmtree(root / "helpers" / "tone")
    file = root / "pyproject.toml"
    text = file.read_text("utf-8")
    base = engine.builder_image if builder is None else builder
    lines = [f'image = "{base}"'] if base else []
    lines += [f'network = "{engine.network}"'] if engine.network else []
    lines.append(stage)
    file.write_text(
        text[: text.index("[tool.multiarch]")]
        + f'[tool.multiarch]\nengine = "buildkit"\nplatforms = {json.dumps(platforms)}\n{top}\n'
        + f'[tool.multiarch.helpers.greet]\nldflags = ["-X main.version={{version}}"]\n{helper}\n'
        + (f"[tool.multiarch.image]\n{image}\n" if image else "")
        + "\n".join(["[tool.multiarch.stage]", *lines, ""]),
        "utf-8",
    )
    return root


def report(root: Path) -> dict[str, Any]:
    [file] = (root / "build/multiarch").glob("*.json")
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def wheels(root: Path) -> dict[str, str]:
    """Return the name of each wheel in ``dist`` -> sha256."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((root / "dist").glob("*.whl"))
    }


def greet_of(wheel: Path) -> str:
    """Return the sha256 of the helper in *wheel*."""
    with zipfile.ZipFile(wheel) as opened:
        [member] = [name for name in opened.namelist() if name.endswith("/greet")]
        return hashlib.sha256(opened.read(member)).hexdigest()
