"""Registers the build hook ``multiarch`` with Hatchling's plugin manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatchling.plugin import hookimpl

if TYPE_CHECKING:
    from hatch_multiarch.hatch_plugin.build_hook import MultiarchBuildHook


@hookimpl
def hatch_register_build_hook() -> type[MultiarchBuildHook]:
    """Return the hook's class; imported only now, since Hatchling loads every plugin it finds."""
    from hatch_multiarch.hatch_plugin.build_hook import MultiarchBuildHook  # noqa: PLC0415 - see the docstring

    return MultiarchBuildHook
