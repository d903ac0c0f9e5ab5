"""Finds build hooks of a project that do what this one does: tag the wheel, or compile Go.

Projects had such a hook before they had this one.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.toml_document import hook_key
from hatch_multiarch.errors import PlanError
from hatch_multiarch.pipeline.hook_source import HookSource, read_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.config import Config

OURS = "multiarch"
DEFAULT_FILE = "hatch_build.py"
"""Where hatchling looks for a custom hook (hatchling/builders/hooks/custom.py)."""


@dataclass(frozen=True)
class OtherHook:
    """A build hook beside ours that does the same, or may do so."""

    key: str
    """Its table."""
    file: str
    """Its source; empty where it is not installed here."""
    own: bool
    """The file is the project's, not one of a package."""
    source: HookSource
    helpers: tuple[str, ...]
    """The helpers whose name, or whose folder, is in its source too."""
    later: bool
    """It runs after ours, so that what it does is not known when ours begins."""

    @property
    def says(self) -> str:
        """One line for people, which begins with the key."""
        if not self.file:
            return f"{self.key}: this hook is not installed here, so its source was not checked"
        does = []
        if self.source.tag:
            sets = "sets" if self.source.always else "can set"
            does.append(f"{sets} the wheel's tag (line {self.source.tag})")
        if self.source.go:
            of = f" for {', '.join(self.helpers)}" if self.helpers else ""
            does.append(f"runs `go build`{of} (line {self.source.go})")
        return f"{self.key}: {self.file} {' and '.join(does)}, which hatch-multiarch does itself"

    @property
    def advice(self) -> str:
        """What to do about it."""
        if not self.file:
            return "install it next to hatch-multiarch to check it"
        if self.source.go:
            return "remove that hook if it compiles nothing but helpers"
        remove = "remove that line, or " if self.own else ""
        return f"{remove}ship what needs that tag in a separate distribution"


def other_hooks(builder: Any, config: Config) -> list[OtherHook]:
    """Return the hooks of hatchling's WheelBuilder *builder* that do what ours does by *config*.

    One that is not installed here is among them: it cannot be read.
    """
    try:
        names = list(builder.config.hook_config)
        files = {name: _file(builder, name) for name in names if name != OURS}
    except Exception:  # noqa: BLE001 - where hatchling cannot read its keys it says so itself
        return []
    found = []
    for name, path in files.items():
        try:
            source = read_source(path) if path is not None else HookSource()
        except (OSError, ValueError, SyntaxError, RecursionError):
            continue  # hatchling says so itself, likewise
        if path is not None and not (source.tag or source.go):
            continue
        each = OtherHook(
            key=hook_key(builder.config, name),
            file=_shown(path, Path(builder.root)) if path is not None else "",
            own=name == "custom",
            source=source,
            helpers=tuple(
                one.name
                for one in config.helpers
                if source.words & {one.name, one.source.rpartition("/")[2]}
            ),
            later=OURS in names[: names.index(name)],
        )
        found.append(each)
    return found


def refuse_tags(hooks: Sequence[OtherHook]) -> None:
    """Raise PlanError, a line for each of *hooks* that always gives the wheel a tag."""
    sure = [each for each in hooks if each.source.always]
    if sure:
        raise PlanError("\n".join(each.says for each in sure), advice=sure[0].advice)


def who_tags(hooks: Sequence[OtherHook]) -> str:
    """Return how messages name those of *hooks* that set a tag."""
    named = [
        f"{each.key}: {each.file} (line {each.source.tag})" for each in hooks if each.source.tag
    ]
    return " or ".join(named) or "another build hook"


def _shown(path: Path, root: Path) -> str:
    """Return the name of a source of the project in *root*, or of a package."""
    if path.is_relative_to(root) and "site-packages" not in path.parts:
        return path.relative_to(root).as_posix()
    return f"{path.parent.name}/{path.name}"


def _file(builder: Any, name: str) -> Path | None:
    """Return the file that holds the class of the hook *name*."""
    if name == "custom":
        config = builder.config.hook_config[name]
        return Path(builder.root, config.get("path", DEFAULT_FILE))
    kind = builder.plugin_manager.build_hook.get(name)
    file = inspect.getsourcefile(kind) if kind is not None else None
    return Path(file) if file else None
