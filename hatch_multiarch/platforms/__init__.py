"""The platforms as data (``platforms.toml``) and the look-ups on them."""

from hatch_multiarch.platforms.table import Platform, all_platforms, host, normalise, lookup, match

__all__ = ["Platform", "all_platforms", "host", "lookup", "match", "normalise"]
