"""Runs other programs: argument lists only, never a shell.

Every process this package starts passes through ``run``, so a test that forbids processes has
one name to replace, and no user text can ever be parsed by a shell.
"""

from __future__ import annotations

import os

from hatch_multiarch.process.group import Group, Stopped
from hatch_multiarch.process.signals import terminable
from hatch_multiarch.process.start import Finished, attached, run

__all__ = ["Finished", "Group", "Stopped", "attached", "processors", "run", "terminable"]


def processors() -> int:
    """Return how many processors this process may use: a container may have fewer than its host."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
