"""A Go library in wheels for four platforms, installed by pip and called through ctypes."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Library, Ran, Venv

pytestmark = pytest.mark.slow

HELD = {
    "manylinux_2_17_x86_64": "libtuner.so",
    "manylinux_2_17_aarch64": "libtuner.so",
    "_universal2": "libtuner.dylib",
    "win_amd64": "tuner.dll",
}


@pytest.mark.parametrize("part", HELD)
def test_each_wheel_has_the_library_and_its_header(library: Library, part: str) -> None:
    with zipfile.ZipFile(library.wheel(part)) as wheel:
        held = {name for name in wheel.namelist() if name.startswith("_tuner_helpers/")}
        header = wheel.read("_tuner_helpers/tuner.h").decode()
    files = {"__init__.py", "py.typed", "tuner.h", HELD[part]}
    assert held == {f"_tuner_helpers/{name}" for name in files}
    assert "double Frequency(int key);" in header


def test_the_report_tells_of_libraries(library: Library) -> None:
    told = json.loads((library.root / "build/multiarch/tuner-1.0.0.json").read_bytes())
    assert {(each["kind"], each["libc"]) for each in told["units"]} == {
        ("library", "glibc"),
        ("library", "none"),
    }
    with zipfile.ZipFile(library.wheel("x86_64")) as wheel:
        bill = json.loads(wheel.read("tuner-1.0.0.dist-info/sboms/hatch-multiarch.cdx.json"))
    [found] = [each for each in bill["components"] if each["name"] == "tuner"]
    assert found["type"] == "library"


def test_pip_installs_it_and_ctypes_calls_it(library: Library, venv: Venv) -> None:
    venv.install("pip", "--no-index", library.wheel("x86_64"))
    said = venv.run(venv.python, "-c", library.CALL).out
    assert said.split() == ["440.0", "a", "on", "linux/amd64"]


def test_nothing_is_compiled_again_and_the_header_stays(
    library: Library, run: Callable[..., Ran]
) -> None:
    before = {path: path.read_bytes() for path in library.dist.iterdir()}
    said = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=library.root).out
    assert said.count("... cached") == 5, said
    assert {path: path.read_bytes() for path in library.dist.iterdir()} == before


def test_verify_loads_it_and_calls_its_functions(
    library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "tuner"
    shutil.copytree(library.root, root)
    assert main(["verify", str(root)]) == 0
    said = capsys.readouterr().out
    assert "tuner: loaded, Ready called, exit code 0" in said
    assert said.count("not run here") == 3
    config = root / "pyproject.toml"
    config.write_text(config.read_text("utf-8").replace('["Ready"]', '["Redy"]'), "utf-8")
    assert main(["verify", str(root)]) != 0
    said = capsys.readouterr().out
    assert said.count("there is no function 'Redy' in it; did you mean 'Ready'?") == 4


def test_a_library_that_was_built_elsewhere(
    library: Library, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = tmp_path / "tuner"
    shutil.copytree(library.root, root, ignore=shutil.ignore_patterns("dist", "build", "*.go"))
    shutil.copytree(library.root / "build/multiarch/bin", root / "made")
    config = root / "pyproject.toml"
    text = config.read_text("utf-8").replace("header = true", 'prebuilt = "made/{platform}/{file}"')
    config.write_text(text, "utf-8")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    run(*build, cwd=root)
    for part, file in HELD.items():
        [wheel] = [each for each in (root / "dist").glob("*.whl") if part in each.name]
        with zipfile.ZipFile(wheel) as mine, zipfile.ZipFile(library.wheel(part)) as theirs:
            member = f"_tuner_helpers/{file}"
            assert mine.read(member) == theirs.read(member)
    text = text.replace('kind = "library"\n', "").replace("{file}", "lib{name}.so")
    config.write_text(text, "utf-8")
    said = run(*build, cwd=root, code=6, HATCH_MULTIARCH_PLATFORMS="linux/amd64").out
    assert "libtuner.so, for linux/amd64, is a library, and not a program" in said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("//export", "// export", "tuner linux/amd64: the library exports no function"),
        ("package main", "package tuner", "must be in `package main`"),
    ],
)
def test_what_makes_no_library(
    old: str, new: str, message: str, library: Library, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = tmp_path / "tuner"
    shutil.copytree(library.root, root, ignore=shutil.ignore_patterns("dist", "build"))
    source = root / "helpers/tuner/main.go"
    source.write_text(source.read_text("utf-8").replace(old, new), "utf-8")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    said = run(*build, cwd=root, code=5, HATCH_MULTIARCH_PLATFORMS="linux/amd64").out
    assert message in said
    assert not (root / "dist").exists() or not list((root / "dist").iterdir())
