"""Runs pip and uv from the Python that builds, with the user's settings."""

from __future__ import annotations

import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.process import Finished, Group


_SAME = (("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), ("PIP_EXTRA_INDEX_URL", "UV_INDEX"))
_OFF = ("", "0", "false", "no", "off", "n", "f")


def both(environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* with the indexes that are set for one of pip and uv set for the other too.

    A build that hears of a mirror or a folder of wheels asks nothing else by another way. uv
    separates folders by commas and may name an index, ``corp=https://...``; pip does neither.
    """
    env = dict(environ)
    if "UV_INDEX_URL" in env:
        env.setdefault("UV_DEFAULT_INDEX", env["UV_INDEX_URL"])
    for pip, uv in _SAME:
        if pip in env:
            env.setdefault(uv, env[pip])
        elif uv in env:
            urls = env[uv].split()
            env[pip] = " ".join(re.sub(r"^[\w.-]+=(?=\w+://)", "", url) for url in urls)
    if "PIP_FIND_LINKS" in env:
        env.setdefault("UV_FIND_LINKS", ",".join(env["PIP_FIND_LINKS"].split()))
    elif "UV_FIND_LINKS" in env:
        env["PIP_FIND_LINKS"] = " ".join(env["UV_FIND_LINKS"].split(","))
    return env


def local_folders(environ: Mapping[str, str]) -> list[Path]:
    """Return the folders among the places where pip and uv look for wheels beside an index."""
    places = both(environ).get("PIP_FIND_LINKS", "").split()
    return [Path(each) for each in places if "://" not in each and Path(each).is_dir()]


def without_index(environ: Mapping[str, str]) -> bool:
    """Tell whether pip is kept from every index; uv has a flag for it and no variable."""
    return environ.get("PIP_NO_INDEX", "").lower() not in _OFF


def need(*modules: str) -> None:
    """Raise ToolchainError when one of the *modules* is not installed."""
    missing = [each for each in modules if find_spec(each) is None]
    if missing:
        raise ToolchainError(
            f"tool.multiarch.image.base: installing the package requires {', '.join(missing)}",
            advice="a plain `hatchling build` doesn't install it: use `hatch build`, or install "
            "hatch-multiarch[image]",
        )


def run_module(
    module: str, words: Sequence[str | Path], cwd: Path, group: Group | None = None
) -> Finished:
    """Run ``python -m MODULE WORDS``; PIP_*, UV_* and their config files count.

    Raises ToolchainError when the module is not installed.
    """
    need(module)
    return run([sys.executable, "-m", module, *words], cwd=cwd, env=both(os.environ), group=group)


def last_words(said: str) -> str:
    """Return what a tool *said* last as one line, without its marks and any password."""
    said = re.sub(r"(\w://)[^/@\s]+@", r"\1", said)
    return " ".join(re.sub(r"[^\x20-\x7e]", " ", said).split())
