"""Writes the module with which a package finds its helpers into every wheel.

It is a top-level package of its own, ``_NAME_helpers``, and no part of the user's package, so
that it lands in site-packages in an editable install too, where the user's package itself stays
in the source tree. Its source is ``locator_template.py``; it imports the standard library only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEMPLATE = Path(__file__).with_name("locator_template.py")
_SLOT = "_HELPERS: dict[str, tuple[str, str]] = {}"


def module_name(project: str) -> str:
    """Return the locator's import name for a distribution: ``my-tool`` -> ``_my_tool_helpers``."""
    return f"_{re.sub(r'[^0-9a-z]+', '_', project.lower()).strip('_')}_helpers"


def is_module(folder: str) -> bool:
    """Tell whether a path is that of a locator module, beside which helpers are installed."""
    return re.fullmatch(r"(?:.*/)?_[0-9a-z_]+_helpers", folder) is not None


def source(project: str, helpers: Mapping[str, tuple[str, str]]) -> str:
    """Return the locator's source for *helpers*: name -> (``Helper.place``, file)."""
    text = _TEMPLATE.read_text(encoding="utf-8")
    rows = "".join(f"    {name!r}: {entry!r},\n" for name, entry in helpers.items())
    table = f"{_SLOT[:-2]}{{\n{rows}}}" if rows else _SLOT
    # The table last: a helper's name may be one of the other slots' words.
    text = text.replace("MODULE", module_name(project)).replace("DISTRIBUTION", project)
    return text.replace(_SLOT, table)
