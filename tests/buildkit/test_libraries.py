"""C libraries of the target, from Debian, linked into helpers of three platforms in one build."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from buildkit.conftest import PLATFORMS, Built

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]
PROJECT = Path(__file__).parent / "libraries"
SAYS = {"opus": r"libopus 1\.\d[\w.]*: \d+ bytes", "sqlite": r"sqlite 3\.\d+\.\d+: 42"}


def copy(target: Path, engine: Engine, image: str = "") -> Path:
    """Copy the project, to compile on *engine* in *image*."""
    shutil.copytree(PROJECT, target, ignore=shutil.ignore_patterns("dist", "build"))
    network = f'network = "{engine.network}"\n' if engine.network else ""
    with (target / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'\n[tool.multiarch.stage]\nimage = "{image or engine.builder_image}"\n{network}'
        )
    return target


def edit(root: Path, *changes: tuple[str, str]) -> None:
    file = root / "pyproject.toml"
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def only(helper: str, *, platforms: str) -> list[tuple[str, str]]:
    """Return the changes that leave one helper, on *platforms*."""
    text = (PROJECT / "pyproject.toml").read_text("utf-8")
    tables = re.findall(r"\[tool\.multiarch\.helpers\.\w+\]\n(?:[^\[\n].*\n)+", text)
    [other] = [table for table in tables if f"helpers.{helper}]" not in table]
    listed = re.search(r"platforms = .*", text)
    assert listed is not None
    return [(other, ""), (listed.group(), f"platforms = {platforms}")]


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Ran], engine: Engine
) -> Built:
    root = copy(tmp_path_factory.mktemp("libraries") / "libraries", engine)
    command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    return Built(root, "", run(*command, cwd=root, HATCH_MULTIARCH_ENGINE="").out)


@pytest.mark.containerd_store
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("helper", SAYS)
def test_static_helpers_run_with_the_targets_library(
    built: Built,
    tmp_path: Path,
    emulate: Callable[[str], list[str]],
    run: Callable[..., Ran],
    helper: str,
    platform: str,
) -> None:
    [proof] = [
        each for each in built.report["proof"]
        if (each["helper"], each["platform"]) == (helper, platform)
    ]  # fmt: skip
    program = tmp_path / helper
    with zipfile.ZipFile(built.root / "dist" / proof["wheel"]["file"]) as wheel:
        program.write_bytes(wheel.read(proof["wheel"]["member"]))
    program.chmod(0o755)
    assert re.fullmatch(SAYS[helper], run(*emulate(platform), program).out.strip())
    words = ["readelf", "--wide", "--program-headers", "--dynamic", str(program)]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "INTERP" not in told
    assert "NEEDED" not in told


@pytest.mark.containerd_store
def test_report_names_the_cross_gcc_of_each(built: Built) -> None:
    names = [name.split()[0] for name in built.report["tools"]["compilers"]]
    assert names == ["aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc", "x86_64-linux-gnu-gcc"]


@pytest.mark.containerd_store
def test_static_wheels_are_for_every_linux(built: Built) -> None:
    tags = {path.name.partition("py3-none-")[2] for path in built.wheels}
    assert len(tags) == len(PLATFORMS)
    assert all("manylinux" in tag and "musllinux" in tag for tag in tags)


def test_pkg_config_never_finds_the_build_machines(
    tmp_path: Path, engine: Engine, buildkit: Callable[..., Ran]
) -> None:
    """In an image that has the library, but for the machine that compiles only."""
    image = f"{engine.registry}/has-libopus:{tmp_path.parent.name}"
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(
        f"FROM {engine.builder_image}\n"
        "RUN --mount=type=cache,target=/var/cache/apt,sharing=locked"
        " --mount=type=cache,target=/var/lib/apt/lists,sharing=locked"
        " apt-get update -qq && apt-get install -qq --yes --no-install-recommends"
        " libopus-dev pkg-config >/dev/null && pkg-config --exists opus\n"
        # Who sets this for a compiler of the machine leaves a trap for all others.
        "ENV PKG_CONFIG_PATH=/usr/lib/x86_64-linux-gnu/pkgconfig\n",
        "utf-8",
    )
    network = [f"--network={engine.network}"] if engine.network else []
    subprocess.run(
        ["docker", "buildx", "build", "--provenance=false", *network, f"--file={dockerfile}",
         f"--output=type=registry,name={image},compression=uncompressed", str(tmp_path)],
        env=engine.env, check=True,
    )  # fmt: skip
    root = copy(tmp_path / "libraries", engine, image)
    without = ('debian-packages = ["libopus-dev"]', "")
    edit(root, *only("opus", platforms='["linux/arm64"]'), without)
    said = buildkit(root, code=5)
    assert "Package opus was not found in the pkg-config search path" in said
    key = "tool.multiarch.helpers.opus.debian-packages"
    assert f'hint: opus.pc: set {key} = ["libopus-dev"] (probably; ' in said
    assert not list((root / "dist").glob("*.whl"))


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("#include <zlib.h>", "zlib.h"),
        ("#cgo LDFLAGS: -lz", "-lz"),
        ("#cgo pkg-config: zlib", "zlib.pc"),
    ],
)
def test_what_the_stage_lacks_is_named_with_its_package(
    tmp_path: Path, engine: Engine, buildkit: Callable[..., Ran], line: str, missing: str
) -> None:
    root = copy(tmp_path / "libraries", engine)
    without = ('debian-packages = ["libopus-dev"]', "")
    edit(root, *only("opus", platforms='["linux/arm64"]'), without)
    source = root / "helpers/opus"
    (source / "go.sum").unlink()
    (source / "go.mod").write_text("module example.com/zip\n\ngo 1.21\n", "utf-8")
    (source / "main.go").write_text(
        f'package main\n\n/*\n{line}\nint one() {{ return 1; }}\n*/\nimport "C"\n\n'
        "func main() { println(C.one()) }\n"
    )
    said = buildkit(root, code=5)
    key = "tool.multiarch.helpers.opus.debian-packages"
    assert f'hint: {missing}: set {key} = ["zlib1g-dev"]\n' in said


def test_a_library_outside_the_wheel_policy_is_refused(
    tmp_path: Path, engine: Engine, buildkit: Callable[..., Ran]
) -> None:
    root = copy(tmp_path / "libraries", engine)
    dynamic = ("cgo = true", 'cgo = true\nlibc = "glibc"')
    edit(root, *only("opus", platforms='["linux/amd64"]'), dynamic)
    said = buildkit(root, code=6)
    assert "libopus.so.0" in said
    assert 'libc = "static"' in said
    assert "image" in said
    assert not list((root / "dist").glob("*.whl"))
