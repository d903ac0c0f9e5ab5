"""SOURCE_DATE_EPOCH: the time in all outputs."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_EPOCH = 1580601600
"""2020-02-02, the date hatchling gives files when SOURCE_DATE_EPOCH is not set."""


def read_epoch(env: Mapping[str, str]) -> int:
    """Return the time that outputs say, in seconds; raises ConfigError for what is no time."""
    text = env.get("SOURCE_DATE_EPOCH", str(DEFAULT_EPOCH))
    if not re.fullmatch(r"[0-9]{1,11}", text):
        raise ConfigError([f"SOURCE_DATE_EPOCH: expected seconds since 1970, found {text!r}"])
    return int(text)


def timestamp(epoch: int) -> str:
    """Return *epoch* (seconds) as RFC 3339 in UTC: ``2020-02-02T00:00:00Z``."""
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
