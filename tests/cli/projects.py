"""Projects as they are before they use the hook: files by path, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GO = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello from go") }\n'
CGO = """\
package main

/*
#include <string.h>
*/
import "C"

import "fmt"

func main() { fmt.Println("four is", C.strlen(C.CString("four"))) }
"""
PYPROJECT = """\
# The greeter.
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "greeter"   # as on the index
version = "1.0.0"

[tool.ruff]
line-length = 88   # narrow
"""
SRC = """\
[build-system]
requires = [
    "hatchling>=1.27",  # the backend
]
build-backend = "hatchling.build"

[project]
name = "tuner"
version = "2.0"

[tool.hatch.build.targets.wheel]
packages = ["src/tuner"]

# How we test.
[tool.pytest.ini_options]
testpaths = ["tests"]"""


def module(name: str, go: str = "1.21") -> str:
    return f"module example.com/{name}\n\ngo {go}\n"


PLAIN = {
    "pyproject.toml": PYPROJECT,
    "greeter/__init__.py": "",
    "helpers/greet/go.mod": module("greet"),
    "helpers/greet/main.go": GO,
}
"""A plain package, and a folder with one Go module."""

TUNER = {
    "pyproject.toml": SRC,
    "src/tuner/__init__.py": "",
    "native/go.mod": module("native/v2", "1.22"),
    "native/cmd/tune/main.go": CGO,
    "native/cmd/list/main.go": GO,
    "native/internal/notes/notes.go": "package notes\n",
    "native/gen.go": "//go:build ignore\n\npackage main\n\nfunc main() {}\n",
    "native/vendor/example.com/x/go.mod": module("x"),
    "native/vendor/example.com/x/main.go": GO,
    "native/testdata/y/go.mod": module("y"),
    "native/testdata/y/main.go": GO,
    ".venv/z/go.mod": module("z"),
    ".venv/z/main.go": GO,
}
"""A src layout, and one Go module with two commands of which one is cgo."""


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root
