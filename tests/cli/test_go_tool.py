"""`hatch-multiarch init --tool`: another project's program as a Python package of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from go_proxy import serve
from projects import PLAIN, write
from support import clean_env

from hatch_multiarch.errors import PlanError
from hatch_multiarch.init import read_tool
from hatch_multiarch.init.go_tool import _version, is_import_path
from hatch_multiarch.platforms import host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")
TOOL = "example.com/shout/v2/cmd/shout"
FILES = {
    "go.mod": "module example.com/shout/v2\n\ngo 1.21\n\nrequire example.com/words v1.0.0\n",
    "cmd/shout/main.go": """package main

import "example.com/words"

var version = "none"

func main() { print("shout ", version, " ", words.Word, "\\n") }
""",
    "library/a.go": "package library\n",
    "README.md": "# shout\n\nIt prints words, loudly.\n",
    "LICENSE.txt": "Apache License\nVersion 2.0, January 2004\n",
    "NOTICE": "by us\n",
}


@pytest.fixture
def proxy(tmp_path: Path) -> dict[str, str]:
    """Return the environment in which Go finds the program and a module that it needs."""
    serve(
        tmp_path / "proxy",
        "example.com/words",
        "v1.0.0",
        {"a.go": 'package words\n\nconst Word = "a"\n'},
    )
    serve(tmp_path / "proxy", "example.com/shout/v2", "v2.1.0", FILES)
    (tmp_path / "proxy/example.com/shout/v2/@v/list").write_text("v2.1.0\n")
    return {
        "GOMODCACHE": str(tmp_path / "cache"),
        "GOPROXY": (tmp_path / "proxy").as_uri(),
        "GOSUMDB": "off",
        "GOFLAGS": "-modcacherw",
    }


def test_a_new_project_packages_it(
    tmp_path: Path, run: Callable[..., Ran], proxy: dict[str, str]
) -> None:
    root = tmp_path / "new"
    root.mkdir()
    said = run(*CLI, "init", "--tool", f"{TOOL}@v2.1.0", root, **proxy).out
    assert "created pyproject.toml: shout, version 2.1.0, license Apache-2.0" in said
    assert f"added shout: Go, in {TOOL}, needs go 1.2" in said
    assert "ok: shout 2.1.0: 1 helper, 5 wheels" in said
    assert sorted(each.name for each in (root / "helpers/shout").iterdir()) == [
        *("LICENSE.txt", "NOTICE", "go.mod", "go.sum"),
    ]
    text = (root / "pyproject.toml").read_text("utf-8")
    assert 'license-files = ["helpers/shout/LICENSE.txt", "helpers/shout/NOTICE"]' in text
    assert f'[tool.multiarch.helpers.shout]  # Go, in {TOOL}\npackage = "{TOOL}"\n' in text
    assert 'description = "It prints words, loudly."' in text
    assert (
        "[example.com/shout/v2](https://example.com/shout/v2)" in (root / "README.md").read_text()
    )
    run(sys.executable, "-m", "hatchling", "build", cwd=root, **proxy)
    run(*CLI, "verify", root, **proxy)
    for wheel in (root / "dist").glob("*.whl"):
        held = {each.rpartition(".dist-info/")[2] for each in ZipFile(wheel).namelist()}
        assert {f"licenses/helpers/shout/{name}" for name in ("LICENSE.txt", "NOTICE")} <= held
    home = {
        **clean_env(),
        "UV_TOOL_DIR": str(tmp_path / "t"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "b"),
    }
    run("uv", "tool", "install", "--offline", "--find-links", root / "dist", "shout", **home)
    assert run(tmp_path / "b/shout").out == "shout 2.1.0 a\n"
    # A module of the helper's that nothing requires any longer is named before Go is asked.
    module = root / "helpers/shout/go.mod"
    module.write_text(module.read_text().replace("example.com/shout/v2 v2.1.0", ""))
    said = run(*CLI, "check", root, code=3, **proxy).out
    assert f"helpers.shout.package: helpers/shout/go.mod requires no module that has {TOOL}" in said


ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint"


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(
    ("tool", "asks", "says", "others"),
    [
        ("mvdan.cc/sh/v3/cmd/shfmt@v3.12.0", "--version", "3.12.0", "linux/arm64 darwin/arm64"),
        (f"{ACTIONLINT}@v1.7.12", "-version", "1.7.12", "windows/amd64"),
    ],
)
def test_programs_of_real_projects(
    tmp_path: Path, run: Callable[..., Ran], tool: str, asks: str, says: str, others: str
) -> None:
    """As whoever packages one does, for this machine and *others*; nothing is written by hand."""
    root, home = tmp_path / "new", {"UV_TOOL_DIR": str(tmp_path / "t")}
    root.mkdir()
    run(*CLI, "init", "--tool", tool, root)
    env = {"HATCH_MULTIARCH_PLATFORMS": f"{host().name} {others}"}
    run(sys.executable, "-m", "hatchling", "build", cwd=root, **env)
    run(*CLI, "verify", root, **env)
    name = tool.rpartition("/")[2].partition("@")[0]
    home |= {**clean_env(), "UV_TOOL_BIN_DIR": str(tmp_path / "b")}
    # Others have put programs of these names on the package index.
    run("uv", "tool", "install", "--no-index", "--find-links", root / "dist", name, **home)
    assert says in run(tmp_path / "b" / name, asks).out


def test_a_project_that_is_there_gets_it_too(
    tmp_path: Path, run: Callable[..., Ran], proxy: dict[str, str]
) -> None:
    root = write(tmp_path / "greeter", PLAIN)
    said = run(*CLI, "init", "--diff", "--tool", TOOL, root, **proxy).out
    assert not (root / "helpers/shout").exists()
    assert "bypass-selection" not in said
    run(*CLI, "init", "--tool", TOOL, root, **proxy)
    assert (root / "helpers/shout/go.mod").is_file()
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root, **proxy)
    assert len(list(root.glob("dist/*.whl"))) == 5


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("shout", "expected IMPORT/PATH@VERSION, found 'shout'"),
        ("./cmd/shout", "expected IMPORT/PATH@VERSION, found './cmd/shout'"),
        ("example.com/a/...@v1", "expected IMPORT/PATH@VERSION"),
        (f"{TOOL}@v9.0.0", f"{TOOL}@v9.0.0 cannot be fetched: go: {TOOL}@v9.0.0: "),
        ("example.com/none/cmd@v1.0.0", "cannot be fetched: go: example.com/none/cmd@v1.0.0"),
        ("example.com/shout/v2/library", "example.com/shout/v2/library is not a program: it is "),
    ],
)
def test_what_is_no_program(
    monkeypatch: pytest.MonkeyPatch, proxy: dict[str, str], wanted: str, says: str
) -> None:
    for name, value in proxy.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(PlanError) as caught:
        read_tool(wanted, clean_env(**proxy), lambda _: None)
    assert says in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("go", "python"),
    [
        ("v1.7.7", "1.7.7"),
        ("v2.0.0+incompatible", "2.0.0"),
        ("v1.2.0-rc.1", "1.2.0rc1"),
        ("v1.2.0-alpha", "1.2.0a0"),
        ("v0.0.0-20260102030405-0123456789ab", "0.0.0.dev20260102030405"),
        ("v1.2.4-0.20260102030405-0123456789ab", "1.2.4.dev20260102030405"),
        ("v1.2.0-nightly-x", "1.2.0"),
    ],
)
def test_versions_of_go_as_pythons(go: str, python: str) -> None:
    assert _version(go) == python


def test_import_paths() -> None:
    assert all(map(is_import_path, (TOOL, "mvdan.cc/sh/v3/cmd/shfmt", "a.b/c.d-e_f~g")))
    assert not any(map(is_import_path, ("main.go", "cmd/x", "a.b/../c", "a.b/...", "-x.y/z", "")))
