"""From the key ``base`` to the base that it names."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.local import LocalBase
from hatch_multiarch.plan.make import LOCAL_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hatch_multiarch.image.base.records import Base


@contextmanager
def open_base(name: str, root: Path) -> Iterator[Base]:
    """Open the base *name* of the project in *root*: ``oci:PATH``. Raises ImageError."""
    path = root / name.removeprefix(LOCAL_BASE)
    try:
        base = LocalBase(path, name)
    except OSError as error:
        message = f"tool.multiarch.image.base: {name} cannot be read: {error.strerror}"
        raise ImageError(message) from None
    try:
        yield base
    finally:
        base.close()
