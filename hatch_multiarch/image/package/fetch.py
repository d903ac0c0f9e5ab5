"""Fetches pinned wheels for a target with pip, which checks their hashes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.package.tools import last_words, run_module

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_multiarch.image.package.pins import Pin
    from hatch_multiarch.image.package.target import Target
    from hatch_multiarch.process import Group

_OTHER = re.compile(r"^ *(\S+==\S+) from .*?\bGot\s+([0-9a-f]{64})", re.MULTILINE | re.DOTALL)
_MISSING = re.compile(r"No matching distribution found for ([^\s(]+)")


def fetch(
    pins: Sequence[Pin], target: Target, *, root: Path, folder: Path, group: Group | None = None
) -> list[Path]:
    """Return the wheels of *pins*, sorted by name, in the new *folder*.

    Raises ImageError when one has no wheel for *target*, is not what its hash says, or cannot be
    had, and Stopped when *group* is.
    """
    folder.mkdir()
    if not pins:
        return []
    listed = folder / "requirements.txt"
    listed.write_text("".join(f"{pin.line}\n" for pin in pins), encoding="utf-8")
    words: list[str | Path] = ["download", "--no-deps", "--require-hashes", "--quiet"]
    words += ["--disable-pip-version-check", "--no-color", "--no-input"]
    words += ["--only-binary", ":all:", "--implementation", "cp"]
    words += ["--python-version", target.version, "--abi", f"cp{target.version.replace('.', '')}"]
    for tag in target.tags:
        words += ["--platform", tag]
    done = run_module("pip", [*words, "--dest", folder, "--requirement", listed], root, group)
    if done.code:
        raise _refusal(done.err, target)
    return sorted(folder.glob("*.whl"))


def _refusal(said: str, target: Target) -> ImageError:
    libc = target.python.libc
    needs = f"Python {target.version} and {libc.kind} {libc.version[0]}.{libc.version[1]}"
    if found := _MISSING.search(said):
        return ImageError(
            f"tool.multiarch.image.base: {found[1]} has no wheel for {target.platform.name} "
            f"({needs})",
            advice="remove the platform, use a version that has one, or add a folder with your "
            "own wheel to PIP_FIND_LINKS",
        )
    if found := _OTHER.search(said):
        return ImageError(
            f"tool.multiarch.image.base: {found[1]}: the file found for {target.platform.name} has "
            f"the sha256 {found[2]}, which is not one of its hashes",
            advice="lock the requirements again, if that file is the right one",
        )
    reason = last_words(said.replace("ERROR:", ""))
    return ImageError(
        f"tool.multiarch.image.base: pip cannot fetch the dependencies for {target.platform.name}: "
        f"{reason[:600]}"
    )
