"""Checks that all requirements are installed, as ``pip check`` does, for another machine."""

from __future__ import annotations

from email.parser import HeaderParser
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_multiarch.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.image.package.install import Installed
    from hatch_multiarch.image.package.target import Target


def check_installed(
    installed: Sequence[Installed], name: str, extras: Sequence[str], target: Target
) -> None:
    """Raise ImageError, a line for each, for what *name* with *extras* needs and has not."""
    known = {each.name: each for each in installed}
    problems: dict[str, None] = {}
    done: set[tuple[str, str]] = set()
    todo = [(canonicalize_name(name), extra) for extra in ("", *extras)]
    while todo:
        here, extra = todo.pop()
        if (here, extra) in done:
            continue
        done.add((here, extra))
        headers = HeaderParser().parsestr(known[here].metadata)
        for text in headers.get_all("Requires-Dist") or ():
            requirement = Requirement(text)
            markers = {**target.markers, "extra": extra}
            if requirement.marker and not requirement.marker.evaluate(markers):
                continue
            needed = canonicalize_name(requirement.name)
            found = known.get(needed)
            if found is None or not requirement.specifier.contains(found.version, prereleases=True):
                has = f"has {found.version}" if found else "has none"
                problems[
                    f"tool.multiarch.image.requirements: {here} needs {requirement.name}"
                    f"{requirement.specifier} on {target.platform.name}, which the image {has}"
                ] = None
                continue
            todo += [(needed, each) for each in ("", *sorted(requirement.extras))]
    if problems:
        raise ImageError(
            "\n".join(problems), advice="lock the requirements of this version of the project again"
        )
