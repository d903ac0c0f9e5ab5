"""Resolves the project's requirements to exact versions with hashes for each platform, with uv.

uv resolves for a named target, wheels only. A platform that it has no name for is resolved
universally; the markers in that answer are evaluated here. What was found for one platform is
preferred on the next, so that versions differ only where they must: pure wheels are then the same
files, and the same layer, everywhere.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from hatch_multiarch.errors import ImageError
from hatch_multiarch.files import sha256
from hatch_multiarch.image.package.lock_file import read_lock, those_for
from hatch_multiarch.image.package.tools import last_words, local_folders, run_module, without_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.image.package.lock_file import Pin
    from hatch_multiarch.image.package.target import Target

_HIDE = ("--no-header", "--no-annotate", "--quiet", "--no-progress", "--color", "never")


def requirements_of(
    name: str,
    dependencies: Sequence[str],
    optional: Mapping[str, Sequence[str]],
    extras: Sequence[str],
) -> list[str]:
    """Return the requirements of the project *name* with *extras*, as PEP 508 writes them.

    An extra that names the project itself, ``greeter[yaml]``, stands for those other extras.
    Raises ImageError for an extra that the project does not have.
    """
    known = {canonicalize_name(extra): list(each) for extra, each in optional.items()}
    found, todo, done = list(dependencies), list(extras), set()
    while todo:
        extra = canonicalize_name(todo.pop(0))
        if extra in done:
            continue
        done.add(extra)
        if extra not in known:
            raise ImageError(
                f'tool.multiarch.image.extras: {name} has no extra "{extra}"; '
                f"it has {', '.join(sorted(known)) or 'none'}"
            )
        for text in known[extra]:
            requirement = Requirement(text)
            if canonicalize_name(requirement.name) == canonicalize_name(name):
                todo += sorted(requirement.extras)
            else:
                found.append(text)
    return found


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
        words: list[str | Path] = ["pip", "compile", asked, "--output-file", answer, *_HIDE]
        words += ["--generate-hashes", "--only-binary", ":all:", "--python", sys.executable]
        words += ["--python-version", target.version, *where]
        words += ["--no-index"] if without_index(os.environ) else []
        done = run_module("uv", words, root)
        if done.code:
            raise ImageError(
                f"tool.multiarch.image.base: the dependencies have no wheels for "
                f"{target.platform.name} that fit together: {last_words(done.err)}",
                advice="remove the platform, use versions that have wheels, or add a folder with "
                "your own wheels to UV_FIND_LINKS and PIP_FIND_LINKS",
            )
        pins = read_lock(answer.read_text(encoding="utf-8"), "uv pip compile")
        found.append(tuple(map(_with_local, those_for(pins, target.markers))))
    return found


def _with_local(pin: Pin) -> Pin:
    """Return *pin* with the hashes of its wheels in folders of ours too.

    An index tells the hashes of all files of a version; of a folder uv tells only that of the one
    file it looked at, which may be for another platform.
    """
    hashes = dict.fromkeys(pin.hashes)
    for folder in local_folders(os.environ):
        for wheel in sorted(folder.glob("*.whl")):
            with suppress(InvalidWheelFilename):
                name, version, *_ = parse_wheel_filename(wheel.name)
                if name == pin.name and str(version) == pin.version:
                    hashes[f"sha256:{sha256(wheel)}"] = None
    return replace(pin, hashes=tuple(hashes))
