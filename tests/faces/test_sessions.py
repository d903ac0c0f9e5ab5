"""Nox's face: a noxfile of two lines gets the sessions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.sessions import split_platforms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

NOX = (sys.executable, "-m", "nox")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ([], [])),
        (["--platform", "linux/arm64", "-c"], (["linux/arm64"], ["-c"])),
        (["--platform=host", "--platform", "all"], (["host", "all"], [])),
        (["--platform"], (["--platform"], [])),
    ],
)
def test_platforms_are_taken_from_the_words_after_the_dashes(
    words: list[str], expected: tuple[list[str], list[str]]
) -> None:
    assert split_platforms(words) == expected


def test_the_example_offers_the_sessions(project: Path, run: Callable[..., Ran]) -> None:
    said = run(*NOX, "-l", cwd=project)
    assert "* wheels -> Build the sdist and one wheel per platform into dist/." in said
    assert "* images -> Build the wheels and the multi-arch image of the same helpers." in said


@pytest.mark.slow
@pytest.mark.network
def test_wheels_and_images_build(
    project: Path, run: Callable[..., Ran], links: dict[str, str]
) -> None:
    archive = project / "build/multiarch/greeter-1.0.0.oci.tar"
    run(*NOX, "-s", "wheels", "--", "--platform", "host", cwd=project, **links)
    assert len(list(project.glob("dist/*.whl"))) == 1
    assert not archive.exists()
    run(*NOX, "-R", "-s", "images", "--", "--platform", "linux/arm64", "-c", cwd=project, **links)
    [wheel] = project.glob("dist/*.whl")
    assert "aarch64" in wheel.name
    assert archive.exists()
