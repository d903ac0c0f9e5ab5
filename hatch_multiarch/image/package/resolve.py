"""From what the project depends on to exact versions with hashes, one list per platform, by uv.

uv resolves for a named target, wheels only. A platform that it has no name for is resolved
universally; the markers in that answer are evaluated here. What was found for one platform is
preferred on the next, so that versions differ only where they must: pure wheels are then the same
files, and the same layer, everywhere.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.package.lock import read_lock, those_for
from hatch_multiarch.image.package.tools import last_words, run_module

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_multiarch.image.package.lock import Pin
    from hatch_multiarch.image.package.target import Target

_HIDE = ("--no-header", "--no-annotate", "--quiet", "--no-progress", "--color", "never")


def resolve(
    requirements: Sequence[str], targets: Sequence[Target], *, root: Path, folder: Path
) -> list[tuple[Pin, ...]]:
    """Return the pins of each of *targets*; *folder* takes files, *root* is the project's.

    Raises ImageError when there are no wheels that fit together.
    """
    if not requirements:
        return [() for _ in targets]
    asked = folder / "requirements.in"
    asked.write_text("".join(f"{each}\n" for each in requirements), encoding="utf-8")
    # uv prefers the versions that its output file has already.
    answer = folder / "requirements.txt"
    found = []
    for target in targets:
        # Where uv cannot name the target, an answer for all is cut down to it.
        named = target.uv_platform
        where = ("--python-platform", named) if named else ("--universal",)
        words: list[str | Path] = [
            "pip",
            "compile",
            asked,
            "--output-file",
            answer,
            "--generate-hashes",
            *_HIDE,
        ]
        words += [
            "--python",
            sys.executable,
            "--only-binary",
            ":all:",
            "--python-version",
            target.version,
            *where,
        ]
        done = run_module("uv", words, root)
        if done.code:
            raise ImageError(
                f"tool.multiarch.image.base: the dependencies have no wheels for "
                f"{target.platform.name} that fit together: {last_words(done.err)}",
                advice="leave the platform out, depend on what has wheels, or add the folder of "
                "wheels of your own to UV_FIND_LINKS and PIP_FIND_LINKS",
            )
        pins = read_lock(answer.read_text(encoding="utf-8"), "uv pip compile")
        found.append(those_for(pins, target.markers))
    return found
