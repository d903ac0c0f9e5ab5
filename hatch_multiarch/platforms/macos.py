"""The oldest macOS that a release of Go runs on."""

from __future__ import annotations

import re

Version = tuple[int, int]

GO_MACOS: dict[Version, Version] = {
    (1, 21): (10, 15),
    (1, 22): (10, 15),
    (1, 23): (11, 0),
    (1, 24): (11, 0),
    (1, 25): (12, 0),
    (1, 26): (12, 0),
    (1, 27): (13, 0),
}
"""The oldest macOS that each Go release runs on, from its release notes (Go before 1.21 is refused
by the default ``toolchain.go``)."""

BIG_SUR = (11, 0)
"""The first macOS for arm64."""


PAGE_BITS = {"amd64": 12, "arm64": 14}
"""Where a part of a universal file begins, by its processor: at a multiple of two to this power."""


def go_macos(version: str) -> Version:
    """Return the oldest macOS on which programs of Go *version* (``go1.26.1``) run.

    A release that is younger than the table needs no less than the last one in it.
    """
    found = re.search(r"(\d+)\.(\d+)", version)
    release = (int(found[1]), int(found[2])) if found else (0, 0)
    return max((need for go, need in GO_MACOS.items() if go <= release), default=(0, 0))
