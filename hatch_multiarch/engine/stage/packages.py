"""Of which packages a helper is made, as Go says it in the builder stage (list.sh).

This machine may have no Go, and Go's module cache is in the stage.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.engine.cgo_packages import FIELDS as CGO_FIELDS
from hatch_multiarch.engine.cgo_packages import listed
from hatch_multiarch.engine.go_inputs import FIELDS, inputs_of
from hatch_multiarch.engine.list_packages import list_words, read_packages
from hatch_multiarch.engine.stage.context import module_folders

if TYPE_CHECKING:
    from hatch_multiarch.plan import Unit

_SOURCES = "/src"
"""Where the stage has the modules of a helper."""

_INSIDE = re.compile(rf"(|-\w+){_SOURCES}(?=/|$)")


def list_packages_words(unit: Unit, folder: str, tags: str) -> list[str]:
    """Return the command that notes the packages of *unit*, whose module is in *folder*.

    *tags* is the flag with its build tags.
    """
    asked = list_words(unit.helper.package, tags, (*FIELDS, *CGO_FIELDS))
    program = "/opt/hatch-multiarch/list-packages"
    return ["sh", program, f"/out/{_place(unit)}", "go", "-C", folder, *asked]


def read_stage_packages(unit: Unit, out: Path) -> tuple[frozenset[Path] | None, str | None]:
    """Return what *unit* is made of, from the folder *out* that its platform's stage gave.

    That is the files of the project, and the name of a package that does not work without cgo,
    empty for none. None stands for what Go did not say.
    """
    noted = out / _place(unit)
    try:
        packages = read_packages((noted / "packages.json").read_text("utf-8"))
    except (OSError, ValueError):
        packages = []
    if not packages:
        return None, None
    root = _root(unit)
    inputs = frozenset(inputs_of([_here(each, root) for each in packages], unit))
    if unit.compiler != "none" or not (noted / "files").is_dir():
        return inputs, None
    there = [{**each, "Dir": f"{noted}/files{each.get('Dir', '')}"} for each in packages]
    return inputs, listed(there, unit.helper.tags).needs_cgo(unit.platform.os)


def _place(unit: Unit) -> str:
    return f".told/{unit.output.name}"


def _root(unit: Unit) -> Path:
    """Return the folder that the stage has as _SOURCES, by the name that the project uses."""
    below = Path(module_folders([unit])[unit.helper.name][0]).parts
    whole = unit.source
    if below and whole.parts[-len(below) :] != below:  # a link leads there
        whole = whole.resolve()
    return Path(*whole.parts[: len(whole.parts) - len(below)])


def _here(told: Any, root: Path) -> Any:
    """Return *told*, of which paths, also after a flag, are those of this machine."""
    if isinstance(told, dict):
        return {key: _here(value, root) for key, value in told.items()}
    if isinstance(told, list):
        return [_here(each, root) for each in told]
    if isinstance(told, str) and (found := _INSIDE.match(told)):
        return f"{found[1]}{root}{told[found.end() :]}"
    return told
