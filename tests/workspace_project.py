"""A workspace of three packages, of which two share a Go module."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0.0"
requires-python = ">=3.10"

[tool.hatch.build.hooks.multiarch]

[tool.multiarch]
platforms = ["linux/amd64", "windows/amd64"]

[tool.multiarch.helpers.greet]
source = "go"
package = "./cmd/greet"
smoke = []
"""
GO = 'package main\n\nfunc main() {{ println("hello from {}") }}\n'
NAMES = ("alpha", "beta", "gamma")


def write_workspace(root: Path) -> Path:
    """Write three packages with helpers; alpha and beta have the same one, in `go`."""
    files = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
        "packages/docs/pyproject.toml": '[project]\nname = "docs"\nversion = "1.0.0"\n',
        ".gitignore": "/dist/\n/build/\n",
    }
    for folder in ("go", "packages/gamma/go"):
        files[f"{folder}/go.mod"] = f"module example.com/{folder}\n\ngo 1.21\n"
        files[f"{folder}/cmd/greet/main.go"] = GO.format(folder)
    for name in NAMES:
        files[f"packages/{name}/pyproject.toml"] = PYPROJECT.format(name=name)
        files[f"packages/{name}/src/{name}/__init__.py"] = ""
        files[f"packages/{name}/.gitignore"] = "/build/\n"
    files["packages/gamma/pyproject.toml"] += "[tool.multiarch.image]\n"
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    for name in ("alpha", "beta"):
        (root / "packages" / name / "go").symlink_to("../../go")
    return root
