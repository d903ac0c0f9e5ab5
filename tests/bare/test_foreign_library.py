"""A foreign Python installs its wheel of a Go library with its own pip, and calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from foreign_root import ForeignRoot
    from support import Library

pytestmark = [pytest.mark.witness, pytest.mark.slow, pytest.mark.network]


def test_ctypes_calls_it(library: Library, arm64_root: ForeignRoot) -> None:
    arm64_root.install(library.wheel("aarch64"))
    assert arm64_root.python("-c", library.CALL) == "440.0 a on linux/arm64\n"
