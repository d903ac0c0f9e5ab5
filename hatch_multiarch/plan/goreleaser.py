"""Finds the binaries of GoReleaser in its ``artifacts.json`` (goreleaser, pkg/artifact)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.model import GORELEASER
from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.config import Helper
    from hatch_multiarch.platforms import Platform


def find_artifact(root: Path, helper: Helper, platform: Platform) -> Path:
    """Return the binary of *helper* for *platform*, by the id or the name that it has there.

    Of several for one platform the one that runs on most machines is taken (goamd64 ``v1``). Raises
    PlanError for a platform that is not there, and names those that are.
    """
    where = f"tool.multiarch.helpers.{helper.name}.prebuilt"
    folder = helper.prebuilt.removeprefix(GORELEASER)
    file = root / folder / "artifacts.json"
    mine = [each for each in _binaries(file, where) if {helper.name, helper.stem} & {*_names(each)}]
    fits = [each for each in mine if _target(each) == _wanted(platform)]
    if not fits:
        there = ", ".join(dict.fromkeys("/".join(filter(None, _target(each))) for each in mine))
        raise PlanError(
            f"{where}: {folder}/artifacts.json has no {helper.name} for {platform.name}; "
            f"it has {there or 'none at all'}",
            advice="add the platform to GoReleaser's builds, or exclude it with `platforms`",
        )
    named = str(min(fits, key=_level).get("path"))
    path = (root / named).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        raise PlanError(f"{where}: {folder}/artifacts.json names {named}, which is missing")
    return root / named


def _binaries(file: Path, where: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise PlanError(
            f"{where}: {file.parent.name}/artifacts.json cannot be read: {error.strerror}",
            advice="run GoReleaser first: goreleaser build --clean --snapshot",
        ) from None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, list):
        raise PlanError(f"{where}: {file.parent.name}/artifacts.json is not GoReleaser's")
    kinds = ("Binary", "Universal Binary")
    return [each for each in document if isinstance(each, dict) and each.get("type") in kinds]


def _names(artifact: dict[str, Any]) -> tuple[Any, ...]:
    extra = artifact.get("extra")
    return (extra.get("ID"), extra.get("Binary")) if isinstance(extra, dict) else ()


def _target(artifact: dict[str, Any]) -> tuple[str, str, str]:
    goarch = str(artifact.get("goarch"))
    # Go has `7,softfloat` too.
    arm = f"v{str(artifact.get('goarm')).partition(',')[0]}" if goarch == "arm" else ""
    return str(artifact.get("goos")), goarch, arm


def _wanted(platform: Platform) -> tuple[str, str, str]:
    arm = f"v{platform.go_env.get('GOARM', '7')}" if platform.goarch == "arm" else ""
    return platform.os, platform.goarch, arm


def _level(artifact: dict[str, Any]) -> list[str]:
    return [str(value) for key, value in sorted(artifact.items()) if key.startswith("go")]
