"""Compares what helpers are compiled from with what hatchling puts into an sdist."""

from __future__ import annotations

import copy
import json
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hatchling.builders.sdist import SdistBuilder

from hatch_multiarch.config.toml_document import hatch_key, hatch_table
from hatch_multiarch.plan.commit import SDIST_HOOK, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hatch_multiarch.config import Config

_KNOWN_HOOKS = {"multiarch", "vcs", "version"}
"""Hooks that add no Go file."""
_VENDOR = "run `go mod vendor` in the helper's folder and commit the result"
_VENDOR_OFF = (
    'set workspace = "off", replace the modules in go.mod, and run `GOWORK=off go mod vendor`'
)
_FORCE = "force-include"
_NAMED = 3
"""How many files or folders a message names."""
_TRIED = 12
"""How many a hint writes down."""


@dataclass(frozen=True)
class LeftOut:
    """What an sdist lacks of the files that a helper is compiled from."""

    message: str
    advice: str

    def __str__(self) -> str:
        return f"{self.message}; {self.advice}"


class SdistFiles:
    """The sdist that hatchling makes of the project in *root*.

    *document* is its pyproject.toml. What hatchling or a plugin raises is passed on.
    """

    def __init__(self, root: Path, document: dict[str, Any]) -> None:
        self._root = root
        self._document = document
        builder = SdistBuilder(str(root), config=document)
        self.taken = _taken(builder)
        """The paths in the sdist."""
        self._base = builder
        self._hooked = "multiarch" in builder.config.hook_config
        self.hooks = sorted(set(builder.config.hook_config) - _KNOWN_HOOKS)
        """Build hooks of the sdist that may add files."""
        self._table = hatch_key(root, "build.targets.sdist")
        """The table of the sdist, where Hatch reads it."""

    @property
    def name(self) -> str:
        """The name of the sdist; its version may come from a plugin, which `check` can lack."""
        return f"{self._base.artifact_project_id}.tar.gz"

    def unrecorded(self, config: Config) -> Iterator[LeftOut]:
        """Yield the keys of *config* that name the commit, where no hook records it."""
        if not self._hooked:
            for key, names in named(config).items():
                yield LeftOut(
                    f"{key}: names {' and '.join(names)}, which a build from the sdist would not "
                    "know",
                    f"add the table {hatch_table(self._root, SDIST_HOOK)}, which records it there",
                )

    def left_out(self, helper: str, files: Iterable[Path]) -> Iterator[LeftOut]:
        """Yield what is missing of *files*, which *helper* is compiled from."""
        files = sorted(files)
        inside, outside = [], []
        for path in files:
            place = self._place(path)
            if place is None:
                outside.append(path)
            elif place not in self.taken:
                inside.append(place)
        if inside:
            grouped = _grouped(inside, self.taken)
            yield LeftOut(
                f"{self._table}: leaves out {_some(grouped)}, which {helper} is compiled from",
                self._remedy(inside, grouped),
            )
        if outside:
            folders = dict.fromkeys(path.parent.as_posix() for path in outside)
            yield LeftOut(
                f"tool.multiarch.helpers.{helper}.source: it is compiled from {_some([*folders])}, "
                "outside the project, and an sdist can't contain that",
                _VENDOR_OFF if any(each.suffix == ".work" for each in files) else _VENDOR,
            )

    def lacking(self, archive: Path, files: Iterable[Path]) -> set[Path]:
        """Return those of *files* that an sdist which is made already does not hold.

        One that cannot be read holds none.
        """
        try:
            with tarfile.open(archive) as tar:
                held = {name.partition("/")[2] for name in tar.getnames()}
        except (OSError, EOFError, tarfile.TarError, zlib.error):
            held = set()
        return {path for path in files if self._place(path) not in held}

    def _place(self, path: Path) -> str | None:
        """Return the path in the sdist of a file; None where it is outside the project."""
        for file, root in ((path, self._root), (path.resolve(), self._root.resolve())):
            if file.is_relative_to(root):
                return file.relative_to(root).as_posix()
        return None

    def _remedy(self, missing: Sequence[str], grouped: Sequence[str]) -> str:
        """Return the line that has hatchling take the *missing* files; it has been tried."""
        for paths in (each for each in (grouped, missing) if len(each) <= _TRIED):
            rooted = [f"/{each}" for each in paths]
            forced = {each.rstrip("/"): each.rstrip("/") for each in paths}
            for key, value in (("include", rooted), ("artifacts", rooted), (_FORCE, forced)):
                builder = self._builder(key, value)
                if builder is not None and set(missing) <= _taken(builder):
                    return f"add to [{self._table.rpartition(' ')[2]}]: {_toml(key, value)}"
        return f"add each by {_FORCE}, or leave it out of `//go:embed`"

    def _builder(self, key: str, value: Any) -> Any:
        """Return hatchling's builder with *value* added to a *key* of the sdist's table.

        None for ``include`` where there is none: it would leave out all the rest.
        """
        builder = SdistBuilder(str(self._root), config=copy.deepcopy(self._document))
        own = builder.target_config.get(key, builder.build_config.get(key))
        if key == "include" and not own:
            return None
        more = {**(own or {}), **value} if isinstance(value, dict) else [*(own or []), *value]
        builder.target_config[key] = more
        return builder


def _taken(builder: Any) -> set[str]:
    """Return the paths that an sdist has, with what hatchling adds by itself."""
    data = builder.get_default_build_data()
    builder.set_build_data_defaults(data)
    with builder.config.set_build_data(data):
        return {
            Path(each.distribution_path).as_posix() for each in builder.recurse_included_files()
        }


def _grouped(missing: Sequence[str], taken: set[str]) -> list[str]:
    """Return *missing*; instead of many files the folders of which nothing is *taken*."""
    if len(missing) <= _NAMED:
        return list(missing)
    kept = {str(folder) for path in taken for folder in PurePosixPath(path).parents}
    grouped = []
    for path in missing:
        lost = [str(each) for each in PurePosixPath(path).parents if str(each) not in kept]
        grouped.append(f"{lost[-1]}/" if lost else path)
    return list(dict.fromkeys(grouped))


def _some(names: Sequence[str]) -> str:
    """Return the first of *names*, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _toml(key: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"{key} = {{ {', '.join(f'{_text(k)} = {_text(v)}' for k, v in value.items())} }}"
    return f"{key} = [{', '.join(map(_text, value))}]"


def _text(value: str) -> str:
    """Return *value* as a string of TOML."""
    return json.dumps(value, ensure_ascii=False)
