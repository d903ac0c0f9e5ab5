"""The macOS SDK that SDKROOT names."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Mapping


def chosen_sdk(env: Mapping[str, str]) -> Path | None:
    """Return the folder of the SDK that SDKROOT in *env* names, or None.

    Raises ToolchainError when that is no SDK for macOS.
    """
    if not env.get("SDKROOT"):
        return None
    sdk = Path(env["SDKROOT"]).absolute()
    if not (sdk / "System/Library/Frameworks").is_dir():
        raise ToolchainError(
            f"SDKROOT: {sdk} has no folder System/Library/Frameworks",
            advice="name the folder of a macOS SDK, such as MacOSX15.sdk, or unset SDKROOT",
        )
    return sdk


def sdk_mark(sdk: Path) -> str:
    """Return letters that stand for the version of *sdk*, for keys of caches."""
    settings = sdk / "SDKSettings.json"
    told = settings.read_bytes() if settings.is_file() else str(sdk).encode()
    return hashlib.sha256(told).hexdigest()[:12]
