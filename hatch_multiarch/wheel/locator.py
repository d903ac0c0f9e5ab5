"""Writes the modules that come with helpers: the one that finds them, those that start one.

The locator is a top-level package of its own, ``_NAME_helpers``, and no part of the user's
package, so that it lands in site-packages in an editable install too, where the user's package
itself stays in the source tree. Its source is ``locator_template.py``; it imports the standard
library only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatchling.builders.wheel import WheelBuilderConfig

    from hatch_multiarch.config import Config, Helper

_TEMPLATE = Path(__file__).with_name("locator_template.py")
_SLOT = "_HELPERS: dict[str, tuple[str, str]] = {}"


def wanted(config: Config, selection: WheelBuilderConfig) -> bool:
    """Tell whether the wheels have a locator; *selection* is Hatchling's config of the wheel."""
    if config.locator is not None:
        return config.locator
    tables = [
        *map(vars, config.helpers),
        *(t for o in config.overrides for t in o.helpers.values()),
    ]
    if any(each.get("install") == "package" or each.get("module") for each in tables):
        return True
    options = selection.default_file_selection_options
    named = options.include, options.packages, options.only_include, selection.force_include
    return any(named)


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


_LAUNCHER = '''\
"""Starts PROGRAM of DISTRIBUTION, `python -m NAME`; written by hatch-multiarch at build time."""

from __future__ import annotations

import os
import sys

from LOCATOR import find


def main() -> int:
    """Become the program; on Windows, where that cannot be, wait and return its exit code."""
    try:
        command = [find("PROGRAM"), *sys.argv[1:]]
    except (LookupError, FileNotFoundError) as error:
        sys.exit(f"NAME: {error}")
    if sys.platform != "win32":
        os.execv(command[0], command)
    import signal
    import subprocess

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the program's
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main())
'''


def launcher(project: str, helper: Helper) -> str:
    """Return the source of the module that starts *helper*."""
    slots = {
        "PROGRAM": helper.name,
        "DISTRIBUTION": project,
        "NAME": helper.module_name,
        "LOCATOR": module_name(project),
    }
    return re.sub("|".join(slots), lambda found: slots[found[0]], _LAUNCHER)
