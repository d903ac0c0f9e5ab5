"""``hatch-multiarch lock``: writes the digest of the image's base into pyproject.toml."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from hatch_multiarch.cli.output import put
from hatch_multiarch.errors import PlanError
from hatch_multiarch.image.base.pin import find_lock, write_lock
from hatch_multiarch.plan import Switches
from hatch_multiarch.plan.image_plan import in_registry

if TYPE_CHECKING:
    from hatch_multiarch.image.base.pin import Lock


def run(arguments: Any) -> int:
    """Lock, and print what was done or would be. Raises MultiarchError."""
    if Switches.read(os.environ).offline:
        raise PlanError(
            "HATCH_MULTIARCH_OFFLINE is set, and only the registry can resolve a tag",
            advice="unset it for this command",
        )
    lock = find_lock(arguments.folder.resolve(), os.environ)
    if lock.stale and not arguments.check:
        write_lock(lock)
    if arguments.json:
        told = {"base": lock.base, "locked": lock.locked, "stale": lock.stale}
        print(json.dumps(told, indent=2))
    else:
        put(_text(lock, check=arguments.check))
    return 1 if lock.stale and arguments.check else 0


def _text(lock: Lock, *, check: bool) -> str:
    if not in_registry(lock.base):
        return f"{lock.base}: nothing to lock"
    if not lock.stale:
        return f"{lock.base}: locked"
    if check:
        return f"{lock.base} is out of date: expected {lock.locked}; run `hatch-multiarch lock`"
    return f"{lock.base} is {lock.locked} now"
