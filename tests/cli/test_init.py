"""`hatch-multiarch init`: from a project with Go in it to a wheel whose helper runs."""

from __future__ import annotations

import difflib
import json
import shutil
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from go_proxy import serve
from projects import CGO, GO, PLAIN, PYPROJECT, TUNER, module, write
from support import REPOSITORY

from hatch_multiarch.config import read_pyproject
from hatch_multiarch.engine.go_source import satisfied
from hatch_multiarch.errors import PlanError
from hatch_multiarch.init import configured, find_programs, missing, read_target
from hatch_multiarch.platforms import host
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")


def changed(before: str, after: str) -> list[str]:
    """Return the lines that differ, each with its sign."""
    diff = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in diff if line[0] in "+-"]


def run_helper(wheel: Path, name: str, folder: Path, run: Callable[..., Ran]) -> str:
    """Take a helper out of a wheel and run it."""
    with zipfile.ZipFile(wheel) as archive:
        [member] = [each for each in archive.namelist() if each.endswith(f"/{name}")]
        path = folder / archive.extract(member, folder)
    path.chmod(0o755)
    return run(path).out


def test_a_plain_project_is_built_by_hatchling_right_after(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = write(tmp_path / "greeter", PLAIN)
    said = run(*CLI, "init", root)
    assert "added greet: Go, in helpers/greet, needs go 1.21" in said
    assert "ok: greeter 1.0.0: 1 helper, 5 wheels, compiled on this machine" in said
    assert said.out.endswith("next: hatch build (or `hatch-multiarch build`)\n")
    lines = changed(PYPROJECT, (root / "pyproject.toml").read_text())
    assert [line for line in lines if line[0] == "-"] == ['- requires = ["hatchling"]\n']
    assert "".join(line[2:] for line in lines if line[0] == "+") == (
        'requires = ["hatchling", "hatch-multiarch"]\n'
        "\n"
        "[tool.hatch.build.hooks.multiarch]\n"
        "\n"
        "[tool.multiarch]\n"
        'platforms = ["linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", '
        '"windows/amd64"]\n'
        "\n"
        "[tool.multiarch.helpers.greet]  # Go, in helpers/greet\n"
    )
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root)
    assert len(list(root.glob("dist/*.whl"))) == 5
    machine = {"amd64": "x86_64", "arm64": "aarch64"}[host().architecture]
    [wheel] = root.glob(f"dist/*musllinux*_{machine}.whl")
    assert run_helper(wheel, "greet", tmp_path / "out", run) == "hello from go\n"


@pytest.mark.slow
def test_a_src_project_with_cgo_is_built_by_pip_right_after(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = write(tmp_path / "tuner", TUNER)
    run(*CLI, "init", root)
    text = (root / "pyproject.toml").read_text()
    assert [line for line in changed(TUNER["pyproject.toml"] + "\n", text) if line[0] == "-"] == []
    assert '\n    "hatch-multiarch",\n    "hatchling>=1.27",  # the backend\n' in text
    assert text.index("hooks.multiarch]") < text.index("# How we test.\n[tool.pytest")
    config, _ = read_pyproject(root / "pyproject.toml")
    assert [(h.name, h.source, h.package, h.cgo, h.platforms) for h in config.helpers] == [
        ("list", "native", "./cmd/list", False, ("*",)),
        ("tune", "native", "./cmd/tune", True, ("*",)),
    ]
    pip = (sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps")
    run(*pip, "--wheel-dir", tmp_path / "dist", root)
    [wheel] = tmp_path.glob("dist/*.whl")
    assert run_helper(wheel, "tune", tmp_path / "out", run) == "four is 4\n"
    assert run_helper(wheel, "list", tmp_path / "out", run) == "hello from go\n"


def test_a_workspace_names_its_members_and_each_gets_its_own(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    member = {name.replace("helpers/greet", "go/hi"): text for name, text in PLAIN.items()}
    files = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
        "go.work": "go 1.21\n\nuse (\n\t./packages/a/helpers/greet\n\t./packages/b/go/hi // b\n)\n",
        **{f"packages/a/{name}": text for name, text in PLAIN.items()},
        **{f"packages/b/{name}": text for name, text in member.items()},
        "packages/c/pyproject.toml": PYPROJECT,
    }
    root = write(tmp_path, files)
    said = run(*CLI, "init", root, code=3)
    assert said.out == (
        "error: pyproject.toml has no [project]; its members with Go are packages/a (1 Go "
        "program), packages/b (1 Go program)\n    hint: run it for each of them, by "
        "its folder: packages/a\n"
    )
    for name in ("a", "b"):
        run(*CLI, "init", cwd=root / "packages" / name)
        said = run(*CLI, "build", "-p", "host", "-t", "wheel", cwd=root / "packages" / name)
    assert 'source = "go/hi"' in (root / "packages/b/pyproject.toml").read_text()
    [wheel] = root.glob("packages/b/dist/*.whl")
    assert run_helper(wheel, "greet", tmp_path / "out", run) == "hello from go\n"


WORKSPACE = '[project]\nname = "all"\nversion = "1"\n\n[tool.uv.workspace]\n'


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ('members = ["libs/*/py"]\n', ["libs/a/py"]),
        ('members = ["libs/a/py/", "one", "../x", ""]\n', ["libs/a/py", "one"]),
        ("", ["one"]),
        ('members = "libs"\n', ["one"]),
        ('members = ["none/*"]\n', []),
    ],
)
def test_the_root_of_a_uv_workspace_lists_its_members(
    tmp_path: Path, table: str, named: list[str]
) -> None:
    """It has a [project], and no [build-system]."""
    places = {
        f"{place}/{name}": text for place in ("libs/a/py", "one") for name, text in PLAIN.items()
    }
    root = write(tmp_path / "all", {**places, "pyproject.toml": WORKSPACE + table})
    write(tmp_path / "x", PLAIN)
    with pytest.raises(PlanError) as caught:
        read_target(root, {})
    says = "pyproject.toml has no [build-system]: it is a workspace"
    members = ", ".join(f"{each} (1 Go program)" for each in named)
    if named:
        assert caught.value.message == f"{says}; its members with Go are {members}"
        assert caught.value.advice.endswith(f"by its folder: {named[0]}")
    else:
        assert caught.value.message == f"{says}, and no folder below is a project that contains Go"
    (root / "pyproject.toml").write_text(WORKSPACE + PYPROJECT.partition("[project]")[0])
    assert read_target(root, {}).path == root / "pyproject.toml"


def test_a_diff_changes_nothing(tmp_path: Path, run: Callable[..., Ran]) -> None:
    root = write(tmp_path, PLAIN)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    for option in ("--diff", "--dry-run"):
        said = run(*CLI, "init", option, "--image", root).out
        assert said.startswith("--- a/pyproject.toml\n+++ b/pyproject.toml\n@@ ")
        assert "+[tool.multiarch.image]  # from scratch: the helpers alone\n" in said
    told = json.loads(run(*CLI, "init", "--diff", "--json", root).out)
    greet = {"name": "greet", "folder": "helpers/greet", "cgo": False, "go": "1.21"}
    greet |= {"kind": "program", "cgo_for": "", "unseen": []}
    assert (told["programs"], told["written"], told["check"]) == ([greet], False, None)
    assert told["diff"].startswith("--- a/pyproject.toml\n")
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    told = json.loads(run(*CLI, "init", "--json", root).out)
    assert (told["written"], told["check"]["ok"]) == (True, True)
    assert json.loads(run(*CLI, "init", "--json", root).out)["diff"] == ""


def sdist_has_outputs(root: Path, run: Callable[..., Ran]) -> bool:
    """Put a file where helpers go, and look whether hatchling puts it into an sdist."""
    made = root / "build/multiarch/bin/x"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text("x")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", cwd=root)
    [sdist] = root.glob("dist/*.tar.gz")
    with tarfile.open(sdist) as tar:
        return any(name.endswith("/multiarch/bin/x") for name in tar.getnames())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "/build/multiarch/\n"),
        ("*.pyc\ndist/", "*.pyc\ndist/\n/build/multiarch/\n"),
        ("*.pyc\r\n", "*.pyc\r\n/build/multiarch/\r\n"),
        ("build/\n", "build/\n"),
    ],
)
def test_the_output_folder_is_hidden_from_sdists(
    tmp_path: Path, run: Callable[..., Ran], before: str | None, after: str
) -> None:
    root = write(tmp_path / "greeter", PLAIN)
    file = root / ".gitignore"
    if before is not None:
        file.write_bytes(before.encode())
    assert sdist_has_outputs(root, run) == (before != "build/\n")
    said = run(*CLI, "init", "--diff", root).out
    assert ("+/build/multiarch/" in said) == (before != after)
    said = run(*CLI, "init", root).out
    assert ("added /build/multiarch/ to .gitignore, so" in said) == (before != after)
    assert file.read_bytes().decode() == after
    assert file.stat().st_mode & 0o777 == 0o644
    assert not sdist_has_outputs(root, run)


def test_the_ignored_of_a_folder_above_stay_ignored(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    """A .gitignore of the project's own would be read instead of it."""
    (tmp_path / ".gitignore").write_text("*.secret\n")
    root = write(tmp_path / "greeter", PLAIN)
    assert ".gitignore" not in run(*CLI, "init", root).out
    assert not (root / ".gitignore").exists()


HOOK_TABLE = "[tool.hatch.build.hooks.multiarch]\n"
REFUSED = {
    "setuptools": (
        (
            '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
            '[project]\nname = "x"\n'
        ),
        "found 'setuptools.build_meta'\n    hint: move it to hatchling first: `hatch new --init`",
    ),
    "none": (
        '[project]\nname = "x"\n',
        "there is none: setuptools\n    hint: move it to hatchling",
    ),
    **{
        backend: (
            f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n[project]\nname = "x"\n',
            f'so expected "hatchling.build", found {backend!r}\n    hint: move it to hatchling',
        )
        for backend in ("poetry.core.masonry.api", "uv_build", "flit_core.buildapi", "maturin")
    },
    "there": (
        PYPROJECT + "[tool.multiarch]\n",
        (
            'it exists already, but without "hatch-multiarch" in build-system.requires, '
            "[tool.hatch.build.hooks.multiarch], [tool.multiarch.helpers.NAME]\n"
        ),
    ),
    "inline": (
        PYPROJECT + "[tool.hatch]\nbuild = { dev-mode-dirs = ['.'] }\n",
        (
            "can't be extended automatically, so it was not changed\n    hint: by hand, add the "
            "table [tool.hatch.build.hooks.multiarch]"
        ),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_have_it_is_told_what_to_do(
    tmp_path: Path, run: Callable[..., Ran], name: str
) -> None:
    text, expected = REFUSED[name]
    root = write(tmp_path, {**PLAIN, "pyproject.toml": text})
    assert expected in run(*CLI, "init", root, code=3)
    assert (root / "pyproject.toml").read_text() == text


def test_other_refusals(tmp_path: Path, run: Callable[..., Ran]) -> None:
    root = write(tmp_path, {"pyproject.toml": PYPROJECT, "lib/go.mod": module("lib")})
    write(root, {"lib/lib.go": "package lib\n"})
    assert "no Go program below" in run(*CLI, "init", root, code=3)
    write(root, {**PLAIN, "hatch.toml": "[build]\n"})
    assert "add [build.hooks.multiarch] to hatch.toml" in run(*CLI, "init", root, code=3)
    write(root, {"hatch.toml": "[build.hooks.multiarch]\n"})
    (root / "pyproject.toml").chmod(0o444)
    said = run(*CLI, "init", root, code=3).out
    assert (
        said == "error: pyproject.toml is read-only\n    hint: allow it: chmod u+w pyproject.toml\n"
    )
    (root / "pyproject.toml").chmod(0o640)
    own = PYPROJECT.replace('"hatchling.build"', '"ours"\nbackend-path = ["."]')
    write(root, {"pyproject.toml": own, "ours.py": "from hatchling.build import *\n"})
    run(*CLI, "init", root)
    assert HOOK_TABLE not in (root / "pyproject.toml").read_text()
    assert (root / "pyproject.toml").stat().st_mode & 0o777 == 0o640
    assert run(*CLI, "init", root).out.endswith("is complete\n")
    assert "without [tool.multiarch.image]" in run(*CLI, "init", "--image", root, code=3)
    assert "no pyproject.toml" in run(*CLI, "init", root / "lib", code=3)


def test_crlf_a_byte_order_mark_and_a_link_are_kept_or_said(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = write(tmp_path / "project", PLAIN)
    real = tmp_path / "elsewhere.toml"
    real.write_bytes(b"\xef\xbb\xbf" + PYPROJECT.replace("\n", "\r\n").encode())
    (root / "pyproject.toml").unlink()
    (root / "pyproject.toml").symlink_to(real)
    assert "removed the byte order mark" in run(*CLI, "init", root)
    assert (root / "pyproject.toml").is_symlink()
    data = real.read_bytes()
    assert data.startswith(b"# The greeter.\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") > PYPROJECT.count("\n")


STYLES = [
    'requires = ["hatchling", "hatch-vcs",]',
    "requires=['hatchling']",
    'requires = [\n  "hatchling",\n]',
    'requires = [\n\t"hatchling"\n\t, "hatch-vcs"  # last\n\t# none\n]',
    'requires = [  # why\n  "hatch-vcs",\n  "hatchling"]',
    'requires = ["hatchling", "Hatch_MultiArch >=0.1"]',
]
TABLES = [
    "[tool.hatch.build]\ntargets.wheel.packages = ['greeter']\n",
    "[tool.hatch.build.targets]\nwheel.packages = ['greeter']\n[tool.ruff]\nfix = true\n",
    "[tool.hatch.build.targets.wheel]\n\n\n# ruff's\n[tool.ruff]\n",
    "[tool.hatch.build.targets.wheel.hooks.custom]\n",
    "[tool.hatch.build.hooks.multiarch]\n",
    "[tool.hatch.build.targets.wheel.force-include]\n# nothing",
]


@pytest.mark.parametrize("requires", STYLES)
@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_line_of_the_file_stays_but_that_of_what_is_required(
    tmp_path: Path, requires: str, tables: str, newline: str
) -> None:
    head = f'[build-system]\n{requires}\nbuild-backend = "hatchling.build"\n'
    text = f'{head}[project]\nname = "greeter"\nversion = "1"\n\n{tables}'.replace("\n", newline)
    root = write(tmp_path, {**PLAIN, "pyproject.toml": text})
    target = read_target(root, {})
    after = configured(target, find_programs(root, {}), image=True)
    write(root, {"pyproject.toml": after})
    assert missing(read_target(root, {}), image=True) == []
    before_lines = text.split(newline)
    gone = [line[2:].strip() for line in changed(text + newline, after) if line[0] == "-"]
    required = {line.strip() for line in requires.split("\n")}
    assert set(gone) <= required, before_lines
    assert after.count("\r\n") == (after.count("\n") if newline == "\r\n" else 0)
    read_pyproject(root / "pyproject.toml")


def test_cgo_is_found_where_linux_compiles_it_and_in_what_is_imported(tmp_path: Path) -> None:
    sqlite = "github.com/!matt!n/sqlite@v1.2.0/driver.go"
    files = {
        "own/go.mod": module("own"),
        "own/main.go": GO.replace("main()", "main() //"),
        "own/c_windows.go": CGO.replace("func main", "func win"),
        "deep/go.mod": module("deep"),
        "deep/main.go": 'package main\n\nimport _ "example.com/deep/in"\n\nfunc main() {}\n',
        "deep/in/in.go": '//go:build linux && cgo\n\npackage in\n\nimport (\n\t"C"\n)\n',
        "database/go.mod": module("database") + "\nrequire github.com/MattN/sqlite v1.2.0\n",
        "database/main.go": 'package main\n\nimport _ "github.com/MattN/sqlite"\n',
        f"cache/{sqlite}": 'package sqlite\n\n// #include "x.h"\nimport "C"\n',
        "tray/go.mod": module("tray"),
        "tray/tray_windows.go": GO,
        "vend/go.mod": module("vend") + "\nrequire example.com/either v1.0.0\n",
        "vend/main.go": 'package main\n\nimport _ "example.com/either"\n\nfunc main() {}\n',
        **{f"vend/vendor/example.com/either/{name}": text for name, text in EITHER.items()},
        "said/go.mod": module("said"),
        "said/main.go": 'package main\n\n// import "C" is not for us.\nfunc main() {}\n',
    }
    write(tmp_path, files)
    programs = find_programs(tmp_path, {"GOMODCACHE": str(tmp_path / "cache")})
    assert {each.name: each.cgo for each in programs} == {
        "own": "",
        "deep": "example.com/deep/in",
        "database": "github.com/MattN/sqlite",
        "tray": "",
        "vend": "",
        "said": "",
    }
    assert {each.systems for each in programs if each.name == "tray"} == {("windows",)}


STUB = {
    "stub.go": 'package stub\n\nimport "C"\n\nfunc Open() {}\n\nfunc Close() {}\n',
    "mock.go": "//go:build !cgo\n\npackage stub\n\nfunc Open() { panic(`this is a stub`) }\n",
}
EITHER = {
    "fast.go": '//go:build cgo\n\npackage either\n\nimport "C"\n\nfunc Sum() int { return 1 }\n',
    "plain.go": "//go:build !cgo\n\npackage either\n\nfunc Sum() int { return 1 }\n",
}
LOADER = {
    "load_linux.go": (
        'package loader\n\n//go:cgo_import_dynamic _ _ "libc.so.6"\n\nfunc Load() {}\n'
    ),
    "load_other.go": "//go:build !linux\n\npackage loader\n\nfunc Load() {}\n",
}
IMPORTS = {"stub": (STUB, "Open()"), "either": (EITHER, "Sum()"), "loader": (LOADER, "Load()")}


@pytest.fixture
def modules(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Return a project whose programs need a module each, and where those are to be had."""
    root = write(tmp_path / "greeter", PLAIN)
    for name, (files, call) in IMPORTS.items():
        path = f"example.com/{name}"
        sums = serve(tmp_path / "proxy", path, "v1.0.0", files)
        use = f'package main\n\nimport "{path}"\n\nfunc main() {{ {name}.{call} }}\n'
        write(
            root,
            {
                f"helpers/use-{name}/go.mod": f"{module(f'use-{name}')}\nrequire {path} v1.0.0\n",
                f"helpers/use-{name}/go.sum": sums,
                f"helpers/use-{name}/main.go": use,
            },
        )
    # Read-only folders, which Go's cache is made of, are in the way when the test's is removed.
    return root, {
        "GOMODCACHE": str(tmp_path / "cache"),
        "GOPROXY": (tmp_path / "proxy").as_uri(),
        "GOSUMDB": "off",
        "GOFLAGS": "-modcacherw",
    }


def test_modules_are_fetched_to_see_which_need_cgo(
    modules: tuple[Path, dict[str, str]], run: Callable[..., Ran]
) -> None:
    root, env = modules
    said = run(*CLI, "init", root, **env)
    assert "downloading Go modules to check which of them need cgo\n" in said
    assert "added use-stub: Go with cgo (for example.com/stub), in helpers/use-stub" in said
    assert "added use-either: Go, in helpers/use-either" in said
    config, _ = read_pyproject(root / "pyproject.toml")
    assert {each.name: (each.cgo, str(each.libc), each.platforms) for each in config.helpers} == {
        "greet": (False, "static", ("*",)),
        "use-either": (False, "static", ("*",)),
        "use-loader": (False, "glibc:2.17", ("*",)),
        "use-stub": (True, "static", ("*",)),
    }
    assert (
        'libc = "glibc:2.17"  # example.com/loader loads C' in (root / "pyproject.toml").read_text()
    )


def test_a_dynamic_program_of_pure_go_is_taken_against_a_glibc(
    modules: tuple[Path, dict[str, str]], tmp_path: Path, run: Callable[..., Ran]
) -> None:
    """And the hint for one that is not leads to that, not to another error."""
    root, env = modules
    for name in ("either", "stub"):
        shutil.rmtree(root / f"helpers/use-{name}")
    run(*CLI, "init", root, **env)
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    env |= {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64 linux/arm64"}
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text()
    [line] = [line for line in text.splitlines() if line.startswith("libc = ")]
    pyproject.write_text(text.replace(line, ""))
    said = run(*build, cwd=root, code=6, **env)
    assert 'use-loader is dynamic (it needs libc.so.6), but libc = "static" requires' in said
    assert 'makes the program dynamic; set libc = "glibc:2.17" for this helper\n' in said
    pyproject.write_text(text.replace(line, 'libc = "glibc:2.17"'))
    run(*build, cwd=root, **env)
    assert sorted(path.name.partition("none-")[2] for path in root.glob("dist/*.whl")) == [
        "manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
        "manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    ]
    pyproject.write_text(pyproject.read_text() + "[tool.multiarch.image]\n")
    said = run(*build, cwd=root, code=7, **env)
    assert 'hint: use a base with glibc, such as "debian:stable-slim", or leave it out' in said


def test_a_helper_that_lost_files_to_go_without_cgo_is_named(
    modules: tuple[Path, dict[str, str]], run: Callable[..., Ran]
) -> None:
    """By init, which could not fetch them; then by check and by the build, which have them."""
    root, env = modules
    for name in ("either", "loader"):
        shutil.rmtree(root / f"helpers/use-{name}")
    off = {**env, "GOPROXY": "off"}
    said = run(*CLI, "init", root, **off)
    assert (
        "note: use-stub: its modules are not in Go's module cache and could not be fetched, so "
        "example.com/stub was not checked; run `go mod download` in helpers/use-stub"
    ) in said
    key = "tool.multiarch.helpers.use-stub.cgo"
    told = json.loads(run(*CLI, "check", "--json", root, **off).out)
    assert (told["ok"], told["warnings"]) == (
        True,
        [
            (
                f"{key}: whether example.com/stub needs cgo is not known, because its module is "
                "not in Go's module cache; run `go mod download` in helpers/use-stub"
            )
        ],
    )
    go = find_go("", "1.21").path
    run(go, "mod", "download", cwd=root / "helpers/use-stub", **env)
    line = f"warning: {key}: example.com/stub does not work without cgo, and use-stub is built "
    said = run(*CLI, "check", root, **off)
    assert f"{line}without it for linux, darwin, windows; set cgo = true\nok: " in said
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    for _ in range(2):  # the second time from the cache
        said = run(*build, cwd=root, HATCH_MULTIARCH_PLATFORMS="linux/amd64 linux/arm64", **off)
        assert f"{line}without it for linux; set cgo = true\n" in said
    pyproject = root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + "cgo = true\n")
    assert "warning" not in run(*CLI, "check", root, **off)


@pytest.mark.parametrize(
    ("constraint", "holds"),
    [
        ("linux", True),
        ("!linux || (cgo && !windows)", True),
        ("!(linux && amd64)", False),
        ("ignore", False),
        ("go1.18 && unix", True),
        ("darwin || windows // why", False),
        ("(((", False),
    ],
)
def test_build_constraints_hold_as_go_says(constraint: str, *, holds: bool) -> None:
    assert satisfied(constraint, {"linux", "amd64", "cgo", "unix"}) is holds


def test_two_programs_of_one_name_get_two(tmp_path: Path) -> None:
    write(tmp_path, {"a/go.mod": module("run"), "a/main.go": GO})
    write(tmp_path, {"b/go.mod": module("tools"), "b/cmd/run/main.go": GO})
    assert [each.name for each in find_programs(tmp_path, {})] == ["run", "tools-run"]


def test_a_library_is_told_from_a_program(tmp_path: Path) -> None:
    """Programs export functions too, for C of their own to call back."""
    root = tmp_path / "tuner"
    shutil.copytree(REPOSITORY / "tests/library_project", root)
    (root / "pyproject.toml").write_text(PYPROJECT.replace("greeter", "tuner"), "utf-8")
    source = (root / "helpers/tuner/main.go").read_text("utf-8")
    program = source.replace("func main() {}", 'func main() { println("hello") }')
    write(root, {"helpers/loud/go.mod": module("loud"), "helpers/loud/main.go": program})
    programs = find_programs(root, {})
    assert {each.name: each.library for each in programs} == {"loud": False, "tuner": True}
    text = configured(read_target(root, {}), programs, image=False)
    (root / "pyproject.toml").write_text(text, "utf-8")
    config, _ = read_pyproject(root / "pyproject.toml")
    assert {each.name: each.kind for each in config.helpers} == {
        "loud": "program",
        "tuner": "library",
    }
