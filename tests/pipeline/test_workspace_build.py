"""`hatch-multiarch build --workspace`: three packages, of which two share a Go module."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cli.projects import CGO
from registry.memory_registry import Memory
from workspace_project import NAMES, PYPROJECT, write_workspace

from hatch_multiarch.errors import ConfigError
from hatch_multiarch.pipeline.workspace_build import Order
from hatch_multiarch.platforms import host
from hatch_multiarch.report import schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")
QUIETLY = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:], stderr=-3))"
APART = (sys.executable, "-c", QUIETLY)
"""Runs what follows with nothing on standard error."""
PLATFORMS = ("linux/amd64", "windows/amd64")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran]) -> tuple[Path, str]:
    """Return the workspace, and what the build said."""
    root = write_workspace(tmp_path_factory.mktemp("workspace"))
    return root, run(*CLI, "build", "--workspace", root).out


@pytest.fixture
def copy(built: tuple[Path, str], tmp_path: Path) -> Path:
    """Return a copy of the built workspace."""
    return shutil.copytree(built[0], tmp_path / "copy", symlinks=True)


def report_of(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "build/multiarch/workspace.json").read_text())
    return found


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in folder.iterdir()}


def test_all_packages_are_in_one_folder(built: tuple[Path, str]) -> None:
    root, said = built
    names = sorted(each.name.split("-")[0] for each in (root / "dist").iterdir())
    assert names == sorted(NAMES * 3)  # an sdist and two wheels each
    assert "note: packages/docs is not built: it has no [tool.multiarch]\n" in said
    assert not list((root / "packages").glob("*/dist"))
    assert [each.name for each in root.glob("packages/*/build/multiarch/*.oci.tar")] == [
        "gamma-1.0.0.oci.tar"
    ]


def test_a_shared_module_is_compiled_once(built: tuple[Path, str]) -> None:
    root, said = built
    assert "Compiling 4 helper binaries of 3 packages; 2 more are the same\n" in said
    lines = [line.partition(" ...")[0] for line in said.splitlines() if " ... " in line]
    both = [f"{name}: greet {each}" for name in ("alpha", "gamma") for each in PLATFORMS]
    assert sorted(lines) == both
    shared = {f"beta: greet {each}": f"alpha: greet {each}" for each in PLATFORMS}
    assert report_of(root)["shared"] == shared
    packages = {each["path"]: each["report"] for each in report_of(root)["packages"]}
    hashes = {
        path.rpartition("/")[2]: [unit["sha256"] for unit in report["units"]]
        for path, report in packages.items()
    }
    assert hashes["alpha"] == hashes["beta"] != hashes["gamma"]
    for path, report in packages.items():
        mine = root / path / "build/multiarch" / f"{report['project']['name']}-1.0.0.json"
        assert json.loads(mine.read_text()) == report
        for wheel in report["wheels"]:
            with zipfile.ZipFile(root / "dist" / wheel["file"]) as archive:
                assert any(
                    name.startswith("greet") or "/greet" in name for name in archive.namelist()
                )


def test_a_package_alone_gives_the_same_and_compiles_nothing(
    copy: Path, run: Callable[..., Ran]
) -> None:
    root = copy / "packages/beta"
    for cached in (len(PLATFORMS), 0):
        said = run(*HATCHLING, cwd=root).out
        assert (said.count(" ... cached"), said.count(" ... ")) == (cached, len(PLATFORMS))
        assert same(root / "dist", copy / "dist") == len(("sdist", *PLATFORMS))
        shutil.rmtree(root / "build")  # what the workspace has left there


EVERYTHING = """\
[tool.multiarch.helpers.tone]
source = "go"
package = "./cmd/tone"
cgo = true

[tool.multiarch.helpers.adder]
source = "go"
package = "./cmd/adder"
kind = "library"
header = true
"""


@pytest.mark.slow
def test_what_is_shared_has_the_bytes_that_it_would_have_alone(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = write_workspace(tmp_path)
    for name, text in {"tone": CGO, "adder": LIBRARY}.items():
        (root / "go/cmd" / name).mkdir()
        (root / "go/cmd" / name / "main.go").write_text(text)
    for name in ("alpha", "beta"):
        file = root / "packages" / name / "pyproject.toml"
        text = file.read_text().replace('"linux/amd64"', '"linux/amd64", "darwin/universal2"')
        file.write_text(text + EVERYTHING)
    said = run(*CLI, "build", "--workspace", root).out
    # Of three helpers on four platforms, of which two are the halves of one; and gamma's.
    assert "Compiling 14 helper binaries of 3 packages; 12 more are the same\n" in said
    assert not any(failed(each) for each in verified(root, run, 0).values())
    beta = root / "packages/beta"
    shutil.rmtree(beta / "build")
    run(*HATCHLING, cwd=beta)
    assert same(beta / "dist", root / "dist") == len(("sdist", "linux", "macos", "windows"))


LIBRARY = """\
package main

import "C"

//export Add
func Add(a, b C.int) C.int { return a + b }

func main() {}
"""
HATCHLING = (sys.executable, "-m", "hatchling", "build")


def same(folder: Path, whole: Path) -> int:
    """Count the files of *folder*, each of which *whole* has too."""
    found = list(folder.iterdir())
    for path in found:
        assert path.read_bytes() == (whole / path.name).read_bytes(), path.name
    return len(found)


GAMMA = PYPROJECT.format(name="gamma")
FORCED = '[tool.hatch.build.targets.sdist.force-include]\n"no" = "no"\n'
HOOK = "tool.hatch.build.hooks.multiarch"
IMAGES = '[tool.multiarch.image]\nname = "x"\ntags = ["1", "2"]\n'
FAILING = {
    "a compiler": ("go/cmd/greet/main.go", "package main\n\nfunc main() { x }\n", 5,
                   "error: gamma: greet"),
    "a config": ("pyproject.toml", f"{GAMMA}cgoo = true\n", 2,
                 "packages/gamma: tool.multiarch.helpers.greet.cgoo: unknown key"),
    "an image's name": ("pyproject.toml", GAMMA + IMAGES, 3,
                        "packages/gamma: tool.multiarch.image.name: x:1 is the image of packages"),
    "hatchling": ("pyproject.toml", GAMMA + FORCED, 3,
                  "packages/gamma: hatchling: Forced include not found"),
    "no hook": ("pyproject.toml", GAMMA.replace(f"[{HOOK}]", ""), 2,
                f"packages/gamma: {HOOK}: the hook is not switched on"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "text", "code", "says"), FAILING.values(), ids=list(FAILING))
def test_a_package_that_fails_changes_nothing(
    copy: Path, run: Callable[..., Ran], file: str, text: str, code: int, says: str
) -> None:
    """Also where the packages before it have changed and are built already."""
    before = state(copy / "dist")
    report = (copy / "build/multiarch/workspace.json").read_bytes()
    (copy / "packages/alpha/src/alpha/__init__.py").write_text("x = 1\n")
    (copy / "packages/gamma" / file).write_text(text)
    if IMAGES in text:
        (copy / "packages/alpha" / file).write_text(PYPROJECT.format(name="alpha") + IMAGES)
    said = run(*CLI, "build", "--workspace", "--clean", copy, code=code)
    assert says in said
    assert "Traceback" not in said
    if code == ConfigError.exit_code:
        error = json.loads(run(*APART, *CLI, "build", "--workspace", "--json", copy, code=2).out)
        assert error["error"].get("key", HOOK).startswith("tool.")
    assert state(copy / "dist") == before
    assert (copy / "build/multiarch/workspace.json").read_bytes() == report


def test_no_image_is_pushed_before_all_packages_are_built(
    copy: Path, run: Callable[..., Ran]
) -> None:
    gamma = copy / "packages/gamma/pyproject.toml"
    with Memory(0) as registry, (copy / "packages/alpha/pyproject.toml").open("a") as file:
        image = f'name = "{registry.host}/alpha"\noutputs = ["registry"]'
        print(f"[tool.multiarch.image]\n{image}", file=file, flush=True)
        gamma.write_text(GAMMA + FORCED)
        run(*CLI, "build", "--workspace", copy, code=3)
        assert not [each for each in registry.asked if each.method not in ("GET", "HEAD")]
        assert not registry.manifests
        gamma.write_text(GAMMA)
        assert f"pushed  {registry.host}/alpha:1.0.0\n" in run(*CLI, "build", "--workspace", copy)
        assert "1.0.0" in registry.manifests
        published = report_of(copy)["packages"][0]["report"]["image"]["published"]
        assert [each["reference"] for each in published] == [f"{registry.host}/alpha:1.0.0"]


KILLED = """
import os, sys
from hatch_multiarch.pipeline import place, workspace_build

end, count = place.Finished.end, []

def killed(finished, moves):
    count.append(finished)
    os._exit(9) if len(count) == 2 else end(finished, moves)

place.Finished.end = killed
workspace_build.main()
"""
"""A build that is killed when the files of the second package are about to move."""


def test_verify_sees_a_set_that_a_kill_has_left_incomplete(
    copy: Path, run: Callable[..., Ran]
) -> None:
    for name in NAMES:
        (copy / f"packages/{name}/src/{name}/__init__.py").write_text("x = 1\n")
    order = Order(str(copy), (), sdist=True, directory="", clean=False)
    run(sys.executable, "-c", KILLED, order.words()[-1], cwd=copy, code=9)
    found = verified(copy, run, 6)
    assert [path for path, each in found.items() if failed(each)] == ["packages/alpha"]
    run(*CLI, "build", "--workspace", copy)
    assert not any(failed(each) for each in verified(copy, run, 0).values())
    assert len(list((copy / "dist").iterdir())) == len(NAMES * 3)  # nothing hidden is left


def test_clean_removes_the_wheels_of_others_last(copy: Path, run: Callable[..., Ran]) -> None:
    before = state(copy / "dist")
    (copy / "dist/alpha-0.9.0-py3-none-any.whl").write_bytes(b"")
    words = ("build", "--workspace", "-c", "--json", copy)
    said = run(*APART, *CLI, *words).out
    assert json.loads(said) == report_of(copy)
    assert {name: told[0] for name, told in state(copy / "dist").items()} == {
        name: told[0] for name, told in before.items()
    }


def test_folders_that_are_named_are_built_together(copy: Path, run: Callable[..., Ran]) -> None:
    words = ("packages/alpha", "packages/beta", "-p", host().name, "-t", "wheel", "-d", "out")
    said = run(*CLI, "build", *words, cwd=copy)
    assert "Compiling 1 helper binary of 2 packages; 1 more is the same\n" in said
    assert len(list((copy / "out").iterdir())) == len(("alpha", "beta"))
    refused = {
        ("--workspace", "a", "b"): "--workspace: expected one folder",
        ("packages/alpha", ".."): f"{copy.parent}: is outside {copy}",
        ("packages/alpha", "packages/none"): "packages/none: there is no pyproject.toml",
        ("--workspace", "packages/alpha"): "there is no [tool.uv.workspace]",
        ("--workspace", "-t", "sdist"): "-t sdist: several projects",
    }
    for words, says in refused.items():
        assert says in run(*CLI, "build", *words, cwd=copy, code=2)
    skipped = run(*CLI, "build", "--workspace", cwd=copy, code=3, HATCH_MULTIARCH_SKIP="1")
    assert "HATCH_MULTIARCH_SKIP: a workspace is built for its helpers" in skipped


def test_the_plan_counts_what_is_compiled(built: tuple[Path, str], run: Callable[..., Ran]) -> None:
    root, _ = built
    told = json.loads(run(*CLI, "plan", "--workspace", "--json", root).out)
    assert [each["path"] for each in told["packages"]] == [f"packages/{each}" for each in NAMES]
    assert (told["compiled"], told["skipped"]) == (4, ["packages/docs"])
    assert told["shared"] == report_of(root)["shared"]
    said = run(*CLI, "plan", "--workspace", cwd=root)
    assert "compile 4 helper binaries of 3 packages; 2 more are the same\n" in said
    assert "  beta: greet linux/amd64: the same as alpha: greet linux/amd64\n" in said


def test_the_report_obeys_its_schema(built: tuple[Path, str]) -> None:
    whole = schema.schema()
    validator = jsonschema.Draft202012Validator(whole)
    part = validator.evolve(schema=whole["$defs"]["WorkspaceReport"])
    part.validate(report_of(built[0]))
    with pytest.raises(jsonschema.ValidationError):
        part.validate(report_of(built[0]) | {"packages": [{"path": "x", "report": {}}]})
    for file in built[0].glob("packages/*/build/multiarch/*.json"):
        jsonschema.validate(json.loads(file.read_text()), whole)


def verified(root: Path, run: Callable[..., Ran], code: int) -> dict[str, dict[str, Any]]:
    said = run(*CLI, "verify", "--workspace", "--json", root, code=code, DOCKER_HOST=NO_DOCKER).out
    return {each["path"]: each for each in json.loads(said)["packages"]}


NO_DOCKER = "unix:///none.sock"


def failed(package: dict[str, Any]) -> list[tuple[str, str]]:
    single = (package["sdist"], package["build"])
    every = (*package["wheels"], *package["images"], *(each for each in single if each))
    return [
        (each["name"], one["name"])
        for each in every
        for one in each["checks"]
        if one["outcome"] == "failed"
    ]


def test_verify_proves_every_package(built: tuple[Path, str], run: Callable[..., Ran]) -> None:
    found = verified(built[0], run, 0)
    assert list(found) == [f"packages/{each}" for each in NAMES]
    assert [len(each["wheels"]) for each in found.values()] == [2, 2, 2]
    assert [len(each["images"]) for each in found.values()] == [0, 0, 1]
    for each in found.values():
        assert failed(each) == []
        [files] = each["build"]["checks"]
        assert files["said"].endswith("-1.0.0")  # no wheel that is not verified


def test_verify_finds_what_does_not_belong(copy: Path, run: Callable[..., Ran]) -> None:
    dist = copy / "dist"
    (dist / "alpha-1.0.0-py3-none-win_amd64.whl").unlink()
    (dist / "beta-1.0.0-py3-none-win_amd64.whl").write_bytes(
        (dist / "gamma-1.0.0-py3-none-win_amd64.whl").read_bytes()
    )
    (dist / "gamma-1.0.0.tar.gz").write_bytes(b"")
    (copy / "packages/gamma/build/multiarch/gamma-1.0.0.oci.tar").write_bytes(b"")
    found = verified(copy, run, 6)
    assert failed(found["packages/alpha"]) == [("alpha-1.0.0.json", "files")]
    assert ("beta-1.0.0-py3-none-win_amd64.whl", "report") in failed(found["packages/beta"])
    assert {("gamma-1.0.0.tar.gz", "report"), ("gamma-1.0.0.oci.tar", "report")} <= set(
        failed(found["packages/gamma"])
    )


def test_a_report_of_another_workspace_is_refused(copy: Path, run: Callable[..., Ran]) -> None:
    words = (*CLI, "verify", "--workspace", copy)
    file = copy / "build/multiarch/workspace.json"
    text = file.read_text()
    file.write_text(text.replace("packages/gamma", "packages/../../gamma"))
    assert "packages/../../gamma were built" in run(*words, code=6)
    (copy / "packages/gamma/pyproject.toml").unlink()
    assert "there is no pyproject.toml" in run(*words, code=2)
    shutil.rmtree(copy / "packages/gamma")
    assert "the packages are now packages/alpha, packages/beta, and" in run(*words, code=6)
    file.write_text("{}")
    assert "not a report of hatch-multiarch\n" in run(*words, code=6)
    file.write_text(text)
    said = run(*CLI, "report", file, code=10)
    assert "workspace.json: the report of a workspace\n" in said
    file.unlink()
    assert "hint: run `hatch-multiarch build --workspace`" in run(*words, code=6)
