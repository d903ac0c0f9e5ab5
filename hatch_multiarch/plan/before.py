"""The commands that run once before anything is compiled: ``before``."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import at
from hatch_multiarch.plan.commit import is_sdist

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.config import Config
    from hatch_multiarch.plan.env_options import Switches


@dataclass(frozen=True)
class Command:
    """One of them."""

    key: str
    """The key that has it."""
    words: tuple[str, ...]
    folder: Path
    """Where it runs."""

    def __str__(self) -> str:
        return shlex.join(self.words)


def before_commands(root: Path, config: Config, switches: Switches) -> tuple[Command, ...]:
    """Return what a build of *root* runs first: the project's commands, then those of helpers.

    Nothing in an unpacked sdist, which holds what they have made; HATCH_MULTIARCH_BEFORE decides
    otherwise. A command that several helpers have for the same folder is one.
    """
    if switches.before is False or (switches.before is None and is_sdist(root)):
        return ()
    found = [Command("tool.multiarch.before", words, root) for words in config.before]
    found += [
        Command(f"{at('tool.multiarch.helpers', helper.name)}.before", words, root / helper.source)
        for helper in config.helpers
        for words in helper.before
    ]
    return tuple({(each.words, each.folder): each for each in reversed(found)}.values())[::-1]
