"""The files that a helper is compiled from, as a real `go list` and its C files name them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.engine.environment import surroundings
from hatch_multiarch.engine.go_command import go_settings
from hatch_multiarch.engine.go_inputs import FIELDS, inputs_of, unit_packages
from hatch_multiarch.engine.stage.context import module_folders, write_context
from hatch_multiarch.errors import CompileError
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Site

MAIN = 'package main\n\nimport (\n\t"embed"\n\n\t"example.com/lib"\n)\n\n//go:embed all:assets\n'
MAIN += "var files embed.FS\n\nfunc main() { println(lib.X, &files) }\n"
LIB = {
    "lib/go.mod": "module example.com/lib\n\ngo 1.21\n",
    "lib/lib.go": "package lib\n\nvar X = 1\n",
}
C = """package main

// #cgo CFLAGS: -I${SRCDIR}/include
// #cgo LDFLAGS: ${SRCDIR}/lib/liba.a -L${SRCDIR}/lib -lb
// #include <api.h>
// #include "near/near.h"
// #include <stdio.h>
import "C"
"""


@pytest.fixture
def inputs(site: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that names the files of a unit, relative to the project."""
    monkeypatch.setenv("GOFLAGS", "")
    go = find_go(">=1.21", "1.21")
    env = surroundings(os.environ, go_settings(go, os.environ))

    def inputs(*arguments: Any, workspace: str = "", **keys: Any) -> list[str]:
        unit = site.unit(*arguments, **keys)
        unit = replace(unit, workspace=site.root / workspace if workspace else None)
        found = inputs_of(unit_packages(go, unit, env, fields=FIELDS), unit)
        return sorted(os.path.relpath(path, site.root) for path in found)

    return inputs


def greet(site: Site, **more: str) -> None:
    require = "\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ../lib\n"
    site.write(
        {
            "greet/go.mod": f"module example.com/greet\n\ngo 1.21\n{require}",
            "greet/main.go": MAIN,
            "greet/only_windows.go": "package main\n",
            "greet/main_test.go": "package main\n",
            "greet/tagged.go": "//go:build tagged\n\npackage main\n",
            "greet/default.pgo": "",
            "greet/assets/.venv/a": "",
            "greet/assets/__pycache__/b.pyc": "",
            **LIB,
            **more,
        }
    )


def test_go_files_embedded_files_and_a_replaced_folder(site: Site, inputs: Any) -> None:
    greet(site)
    found = [
        *("greet/assets/.venv/a", "greet/assets/__pycache__/b.pyc", "greet/default.pgo"),
        *("greet/go.mod", "greet/main.go", "lib/go.mod", "lib/lib.go"),
    ]
    assert inputs("greet", "linux/arm64") == found
    assert inputs("greet", "windows/amd64") == sorted([*found, "greet/only_windows.go"])
    assert inputs("greet", tags=("tagged",)) == sorted([*found, "greet/tagged.go"])


def test_a_vendor_folder_stands_for_the_replaced_one(site: Site, inputs: Any) -> None:
    greet(site)
    subprocess.run([find_go("", "1.21").path, "mod", "vendor"], cwd=site.root / "greet", check=True)
    found = inputs("greet")
    assert not [path for path in found if path.startswith("lib/")]
    assert [path for path in found if "vendor" in path] == [
        *("greet/vendor/example.com/lib/lib.go", "greet/vendor/modules.txt"),
    ]


def test_a_workspace_and_all_that_it_uses(site: Site, inputs: Any, tmp_path: Path) -> None:
    greet(site, **{"greet/go.mod": "module example.com/greet\n\ngo 1.21\n"})
    site.write(
        {"go.work": "go 1.21\n\nuse (\n\t./greet\n\t./lib\n\t./more\n)\n", "go.work.sum": ""}
    )
    site.write({"more/go.mod": "module example.com/more\n\ngo 1.21\n", "more/go.sum": ""})
    found = inputs("greet", workspace="go.work")
    assert {"go.work", "go.work.sum", "lib/lib.go", "lib/go.mod"} < set(found)
    assert {"more/go.mod", "more/go.sum"} < set(found)
    unit = replace(site.unit("greet"), workspace=site.root / "go.work")
    # The builder stage gets the same; there it compiles without the rest of the project.
    context = tmp_path / "context"
    write_context([unit], context)
    assert module_folders([unit]) == {"greet": ("greet", "go.work")}
    shutil.rmtree(site.root)
    env = {**os.environ, "GOWORK": str(context / "greet/go.work"), "GOFLAGS": "-mod=readonly"}
    env["CGO_ENABLED"] = "0"
    # With a profile, Go's library would be compiled anew.
    command = [find_go("", "1.21").path, "build", "-trimpath", "-pgo=off", "-o", tmp_path / "greet"]
    subprocess.run(command, cwd=context / "greet/greet", env=env, check=True)


def test_c_files_their_headers_and_libraries(site: Site, inputs: Any) -> None:
    site.tone()
    files = {
        "main.go": C + "\nfunc main() {}\n",
        "include/api.h": '#include "types.h"\n',
        "include/types.h": "",
        "include/unused.h": "",
        "near/near.h": '# include "../include/api.h"\n',
        "lib/liba.a": "",
        "lib/libb.so": "",
        "lib/libc.a": "",
        "x.syso": "",
        "x_windows.c": "",
    }
    site.write({f"tone/{name}": text for name, text in files.items()})
    names = "go.mod include/api.h include/types.h lib/liba.a lib/libb.so main.go near/near.h"
    assert inputs("tone", compiler="zig") == [
        f"tone/{name}" for name in f"{names} pitch.c pitch.h x.syso".split()
    ]


def test_a_module_that_go_does_not_take(site: Site, inputs: Any) -> None:
    site.write(
        {"greet/go.mod": "module greet\n\ngo 1.21\nfoo\n", "greet/main.go": "package main\n"}
    )
    with pytest.raises(CompileError, match=r"go list: .*unknown directive: foo"):
        inputs("greet")


def test_a_workspace_that_is_not_used_is_named(site: Site) -> None:
    greet(site, **{"greet/go.mod": "module example.com/greet\n\ngo 1.21\n"})
    site.write({"go.work": "go 1.21\n\nuse (\n\t./greet\n\t./lib\n)\n"})
    with pytest.raises(CompileError) as caught:
        site.build(site.unit("greet"))
    assert caught.value.advice == (
        f"{site.root}/go.work, which has example.com/lib, is not used: set "
        'tool.multiarch.helpers.greet.workspace = "go.work", or run `go mod edit '
        "-replace=example.com/lib=../lib` and `go mod tidy` in greet"
    )
    (site.root / "go.work").rename(site.root.parent / "go.work")
    work = site.root.parent / "go.work"
    work.write_text(work.read_text().replace("./", f'"./{site.root.name}/').replace("t\n", 't"\n'))
    work.write_text(work.read_text().replace("lib\n", 'lib"\n'))
    with pytest.raises(CompileError) as caught:
        site.build(site.unit("greet"))
    assert "is not used: set GOWORK=auto, or run `go mod edit" in caught.value.advice
    site.write({"PKG-INFO": ""})
    work.unlink()
    with pytest.raises(CompileError) as caught:
        site.build(site.unit("greet"))
    assert "files may be missing from this sdist" in caught.value.advice
