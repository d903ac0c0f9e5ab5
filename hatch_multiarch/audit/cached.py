"""Audit results of earlier builds, from the build cache."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hatch_multiarch import __version__
from hatch_multiarch.audit.binary_info import BinaryInfo, GoBuild
from hatch_multiarch.audit.read_binary import read

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.cache.build_cache import BuildCache

FORMAT = 7
"""Counted up when the same binary gives other facts than before."""


def read_cached(path: Path, sha256: str, cache: BuildCache, architecture: str = "") -> BinaryInfo:
    """Return the facts of the executable *path*, whose digest is *sha256* (hex), as ``read`` does.

    Raises what ``read`` raises.
    """
    inputs = (sha256, __version__, FORMAT, architecture)
    told = cache.recall("facts", *inputs)
    if told is not None:
        return load(told)
    facts = read(path, architecture)
    cache.note(asdict(facts), "facts", *inputs)
    return facts


def load(told: dict[str, Any]) -> BinaryInfo:
    """Return the facts that ``asdict`` and JSON made *told* of."""
    go = told["go"]
    build = None
    if go is not None:
        build = GoBuild(
            go["version"],
            go["path"],
            go["settings"],
            tuple(tuple(each) for each in go["modules"]),
            tuple(go["main"]),
            {path: tuple(each) for path, each in go["replaced"].items()},
        )
    plain: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in told.items()
    }
    plain["go"] = build
    plain["parts"] = tuple(load(each) for each in told["parts"])
    return BinaryInfo(**plain)
