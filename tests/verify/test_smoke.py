"""Where a helper is started, and where that is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.audit import BinaryInfo
from hatch_multiarch.platforms import lookup
from hatch_multiarch.verify import smoke

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("machine", "platform", "says"),
    [
        ("darwin/arm64", "darwin/universal2", "ok"),
        ("darwin/amd64", "darwin/universal2", "ok"),
        ("darwin/arm64", "darwin/amd64", "greet: needs darwin/amd64, this is darwin/arm64"),
        ("linux/amd64", "darwin/universal2", "greet: needs macOS, this is linux/amd64"),
    ],
)
def test_a_universal_program_starts_on_either_processor(
    machine: str, platform: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "greet"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o700)
    monkeypatch.setattr(smoke, "host", lambda: lookup(machine))
    facts = BinaryInfo("macho", "darwin", "universal2", None, "none", None)
    row = lookup(platform)
    assert row
    check = smoke.start("greet", program, (), facts, row, timeout=20)
    assert says in (check.outcome, check.said)
