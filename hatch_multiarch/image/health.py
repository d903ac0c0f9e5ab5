"""The health check in the image config, as Docker and BuildKit write it.

Docker image spec 1.3, "Healthcheck": ``Test`` and times in nanoseconds. Docker runs it;
runtimes that know OCI's properties alone pass it over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config import Healthcheck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.config import Image

_NANOSECONDS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6}
_TIMES = {"interval": "Interval", "timeout": "Timeout", "start_period": "StartPeriod"}


def health_words(image: Image) -> tuple[str, ...]:
    """Return the command of the check as configured, empty without one."""
    return image.healthcheck.command if isinstance(image.healthcheck, Healthcheck) else ()


def healthcheck(image: Image, words: Sequence[str]) -> dict[str, Any] | None:
    """Return the property of the config, None when the *image* sets none.

    *words* are the check's command, its program as an absolute path.
    """
    check = image.healthcheck
    if check is None:
        return None
    if not isinstance(check, Healthcheck):
        return {"Test": ["NONE"]}
    times = {name: nanoseconds(getattr(check, field)) for field, name in _TIMES.items()}
    given = {"Test": ["CMD", *words], **times, "Retries": check.retries}
    return {name: value for name, value in given.items() if value}


def nanoseconds(duration: str) -> int:
    """Return what ``1m30s`` is, 0 for an empty text; the rule ``duration`` has passed it."""
    parts = re.findall(r"([0-9]+)(ms|h|m|s)", duration)
    return sum(int(number) * _NANOSECONDS[unit] for number, unit in parts)


def health_flags(image: Image) -> str:
    """Return the words of a Dockerfile's HEALTHCHECK before its command; empty without a check."""
    check = image.healthcheck
    if not isinstance(check, Healthcheck):
        return ""
    flags = {field.replace("_", "-"): getattr(check, field) for field in (*_TIMES, "retries")}
    return " ".join(
        ["HEALTHCHECK", *(f"--{name}={value}" for name, value in flags.items() if value), "CMD"]
    )
