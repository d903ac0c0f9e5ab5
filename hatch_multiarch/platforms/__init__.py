"""The platforms, read from ``platforms.toml``, and how they are looked up."""

from hatch_multiarch.platforms.here import from_sysconfig, host, host_libc
from hatch_multiarch.platforms.table import (
    Platform,
    all_platforms,
    lookup,
    match,
    normalise,
)

__all__ = [
    "Platform",
    "all_platforms",
    "from_sysconfig",
    "host",
    "host_libc",
    "lookup",
    "match",
    "normalise",
]
