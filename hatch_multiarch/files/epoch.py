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
END = 4354819200
"""2108-01-01, the first second that no zip file can say (APPNOTE 4.4.6)."""


def read_epoch(env: Mapping[str, str]) -> int:
    """Return the time that outputs say, in seconds; raises ConfigError for what is no time."""
    text = env.get("SOURCE_DATE_EPOCH", str(DEFAULT_EPOCH))
    if re.fullmatch(r"[0-9]{1,10}", text) and int(text) < END:
        return int(text)
    why = ""
    if not text.strip():
        why = "; unset it for 2020-02-02"
    elif re.fullmatch(r"[0-9]{13}", text):
        why = f"; in milliseconds, it seems: set {text[:-3]}"
    wants = f"expected seconds since 1970, before 2108 ({END})"
    raise ConfigError([f"SOURCE_DATE_EPOCH: {wants}, found {text[:40]!r}{why}"])


def timestamp(epoch: int) -> str:
    """Return *epoch* (seconds) as RFC 3339 in UTC: ``2020-02-02T00:00:00Z``."""
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
