"""The project's requirements, with the extras that the image asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_multiarch.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
