"""pip and uv, run beside the Python that builds, with the user's own settings for them."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.process import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_multiarch.process import Finished


def need(*modules: str) -> None:
    """Raise ToolchainError when one of the *modules* is not installed."""
    missing = [each for each in modules if find_spec(each) is None]
    if missing:
        raise ToolchainError(
            f"tool.multiarch.image.base: to install the package needs {', '.join(missing)}",
            advice="a plain `hatchling build` installs nothing: take `hatch build`, or install "
            "hatch-multiarch[image]",
        )


def run_module(module: str, words: Sequence[str | Path], cwd: Path) -> Finished:
    """Run ``python -m MODULE WORDS``; PIP_*, UV_* and their config files count.

    Raises ToolchainError when the module is not installed.
    """
    need(module)
    return run([sys.executable, "-m", module, *words], cwd=cwd)


def last_words(said: str) -> str:
    """Return what a tool *said* last as one line, without the marks that it draws."""
    return " ".join(re.sub(r"[^\x20-\x7e]", " ", said).split())
