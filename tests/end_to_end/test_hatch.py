"""The Hatch CLI: what its documentation promises of `hatch build`, and our switches."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Example, Ran

pytestmark = pytest.mark.slow
BIN = "build/multiarch/bin"
ARCHIVE = "build/multiarch/greeter-1.0.0.oci.tar"
REPORT = "build/multiarch/greeter-1.0.0.json"


@pytest.fixture
def hatchling(project: Path, run: Callable[..., Ran]) -> Callable[..., Ran]:
    """Run `hatchling build -t wheel` in a fresh example, for this machine only."""

    def hatchling(*words: str, code: int = 0, **env: str) -> Ran:
        env = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64 linux/arm64", **env}
        command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", *words)
        return run(*command, cwd=project, code=code, **env)

    return hatchling


def wheels(project: Path) -> list[str]:
    return sorted(path.name.split("-")[-1] for path in project.glob("dist/*.whl"))


AMD64 = "manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
ARM64 = "manylinux2014_aarch64.manylinux_2_17_aarch64.whl"


@pytest.mark.network
def test_hatch_build_gives_the_same_bytes(
    example: Example, project: Path, run: Callable[..., Ran], links: dict[str, str]
) -> None:
    run(sys.executable, "-m", "hatch", "build", cwd=project, **links)
    ours = {path.name: path.read_bytes() for path in (project / "dist").iterdir()}
    theirs = {path.name: path.read_bytes() for path in example.dist.iterdir()}
    assert ours.keys() == theirs.keys()
    assert ours == theirs
    assert (project / ARCHIVE).read_bytes() == example.archive.read_bytes()


@pytest.mark.network
@pytest.mark.parametrize("date", ["", "4354819200"])
@pytest.mark.parametrize(
    ("frontend", "hook"),
    [("hatchling", "hooks"), ("hatch", "hooks"), ("hatch", "targets.wheel.hooks")],
)
def test_a_date_that_is_none_ends_before_the_sdist(
    project: Path,
    run: Callable[..., Ran],
    links: dict[str, str],
    frontend: str,
    hook: str,
    date: str,
) -> None:
    """The Hatch CLI asks the wheel's hook too what it needs, before hatchling begins the sdist."""
    config = project / "pyproject.toml"
    text = config.read_text("utf-8")
    config.write_text(text.replace("hatch.build.hooks.", f"hatch.build.{hook}."), "utf-8")
    words = (sys.executable, "-m", frontend, "build")
    said = run(*words, cwd=project, code=2, SOURCE_DATE_EPOCH=date, **links).out
    assert f"found '{date}'" in " ".join(said.split())
    assert "Traceback" not in said
    assert not list((project / "dist").glob("*"))


def test_clean_removes_old_wheels_and_outputs_first(
    project: Path, hatchling: Callable[..., Ran]
) -> None:
    hatchling()
    (project / "build/multiarch/mine.txt").write_text("kept")
    hatchling("--clean", HATCH_MULTIARCH_PLATFORMS="linux/arm64", HATCH_MULTIARCH_IMAGE="0")
    assert wheels(project) == [ARM64]
    assert not (project / ARCHIVE).exists()
    assert not (project / BIN / "linux-amd64").exists()
    assert (project / "build/multiarch/mine.txt").exists()


def test_clean_only_leaves_nothing(project: Path, hatchling: Callable[..., Ran]) -> None:
    hatchling()
    hatchling("--clean-only")
    assert wheels(project) == []
    assert not (project / "build/multiarch").exists()


def test_hooks_only_compiles_and_makes_no_wheel(
    project: Path, hatchling: Callable[..., Ran]
) -> None:
    hatchling("--hooks-only")
    assert (project / BIN / "linux-amd64/greet").is_file()
    assert (project / BIN / "linux-arm64/tone").is_file()
    assert list((project / "dist").iterdir()) == []
    assert not (project / ARCHIVE).exists()


def test_clean_hooks_after_keeps_what_was_asked_for(
    project: Path, hatchling: Callable[..., Ran]
) -> None:
    hatchling("--clean-hooks-after")
    assert wheels(project) == [ARM64, AMD64]
    assert (project / ARCHIVE).is_file()
    assert (project / REPORT).is_file()
    assert not (project / BIN).exists()


@pytest.mark.parametrize(
    ("platforms", "expected"),
    [("host", [AMD64]), ("linux/aarch64", [ARM64]), ("linux/amd64,linux/arm64", [ARM64, AMD64])],
)
def test_the_platforms_switch(
    project: Path, hatchling: Callable[..., Ran], platforms: str, expected: list[str]
) -> None:
    hatchling(HATCH_MULTIARCH_PLATFORMS=platforms)
    assert wheels(project) == expected


def test_the_image_switch(project: Path, hatchling: Callable[..., Ran]) -> None:
    hatchling(HATCH_MULTIARCH_IMAGE="0")
    assert not (project / ARCHIVE).exists()
    hatchling(HATCH_MULTIARCH_IMAGE="1")
    assert (project / ARCHIVE).exists()


def test_the_skip_switch_leaves_hatchling_alone(
    project: Path, hatchling: Callable[..., Ran]
) -> None:
    hatchling(HATCH_MULTIARCH_SKIP="1")
    assert wheels(project) == ["any.whl"]
    assert not (project / "build").exists()


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (
            {"HATCH_MULTIARCH_PLATFORMS": "linux/arm46"},
            (
                "HATCH_MULTIARCH_PLATFORMS: expected all, host or platforms, found 'linux/arm46'; "
                "did you mean 'linux/arm64'?"
            ),
        ),
        (
            {"HATCH_MULTIARCH_PLATFORMS": "host linux/arm64"},
            "HATCH_MULTIARCH_PLATFORMS: 'host' can't be combined with platforms",
        ),
        (
            {"HATCH_MULTIARCH_ENGINE": "hosst"},
            (
                "HATCH_MULTIARCH_ENGINE: expected auto, host or buildkit, found 'hosst'; "
                "did you mean 'host'?"
            ),
        ),
        (
            {"HATCH_MULTIARCH_IMAGE": "maybe"},
            "HATCH_MULTIARCH_IMAGE: expected 0 or 1, found 'maybe'",
        ),
        ({"HATCH_MULTIARCH_SKIP": "2"}, "HATCH_MULTIARCH_SKIP: expected 0 or 1, found '2'"),
    ],
)
def test_a_bad_switch_is_one_line_and_nothing_is_written(
    project: Path, hatchling: Callable[..., Ran], env: dict[str, str], message: str
) -> None:
    assert hatchling(code=2, **env).out == f"error: {message}\n"
    assert not (project / "build").exists()
    assert wheels(project) == []


def test_build_output_that_git_would_track_is_pointed_out(
    project: Path, hatchling: Callable[..., Ran]
) -> None:
    ignored = "the next sdist would contain build/multiarch"
    assert ignored not in hatchling()
    (project / ".gitignore").unlink()
    assert ignored in hatchling()
