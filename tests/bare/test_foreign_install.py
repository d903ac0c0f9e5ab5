"""A foreign Python installs its wheel of the example with its own pip, and runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from foreign_root import ForeignRoot
    from support import Example

pytestmark = [pytest.mark.witness, pytest.mark.slow, pytest.mark.network]


def test_the_console_script_runs_both_helpers(example: Example, arm64_root: ForeignRoot) -> None:
    arm64_root.install(example.wheel("aarch64"))
    said = arm64_root.run("/usr/local/bin/greeter")
    assert said.startswith("Hello world!\nRunning in [arm64] architecture.\n")
    assert "(64-bit C)" in said
