"""The paths of a wheel that are ours, and what else hatchling would put there.

Hatchling notices a path that is there twice when it writes the wheel, after minutes of compiling,
and an installer that unpacks a file over a folder not even then.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hatchling.builders.wheel import WheelBuilder

from hatch_multiarch.errors import PlanError
from hatch_multiarch.wheel import locator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hatch_multiarch.plan import Plan

_TARGET = "tool.hatch.build.targets.wheel"


def check_paths(plan: Plan, first: Any, build_data: dict[str, Any], bill: str) -> None:
    """Raise PlanError, a line for each file of the project that would meet one of ours.

    *first* is hatchling's builder, *build_data* what its hooks have added so far; *bill* is the
    path of the SBOM, empty without one.
    """
    # Only on Linux are names that differ in case two files.
    fold = any(wheel.platform.os != "linux" for wheel in plan.wheels)
    same = str.casefold if fold else str
    ours = {same(path): who for path, who in _ours(plan, first, bill).items()}
    folders: dict[str, str] = {}
    for path, owner in ours.items():
        for folder in _above(path):
            folders.setdefault(folder, owner)
    problems = _missing(first)
    for key, source, path in _theirs(first, build_data):
        place = same(path)
        above = next((each for each in _above(place) if each in ours), place)
        meets = ours.get(above) or folders.get(place)
        if meets is not None:
            problems.append(f"{key}: puts {source} at {path} in the wheel, where {meets} is")
    if problems:
        raise PlanError(
            "\n".join(dict.fromkeys(problems)),
            advice="give the file another path, or exclude it; a helper may be renamed too",
        )


def _above(path: str) -> list[str]:
    """Return the folders that *path* is in."""
    return [str(each) for each in PurePosixPath(path).parents if each.name]


def _ours(plan: Plan, first: Any, bill: str) -> dict[str, str]:
    """Return path -> what is there in one of the wheels."""
    module, project_id = locator.module_name(plan.project.name), first.artifact_project_id
    found = {}
    if locator.wanted(plan.config, first.config):
        finder = f"the module {module}, which finds the helpers,"
        # The last is a module that nobody could import beside the package.
        names = (f"{module}/__init__.py", f"{module}/py.typed", f"{module}.py")
        found = dict.fromkeys(names, finder)
    for each in plan.config.helpers:
        if each.module:
            starter = f"the module of tool.multiarch.helpers.{each.name}.module"
            # Nor could a package be imported beside this one.
            found |= dict.fromkeys((f"{each.module_name}.py", each.module_name), starter)
    if bill:
        found[bill] = "the SBOM (tool.multiarch.sbom)"
    for wheel in plan.wheels:
        for unit in wheel.units:
            scripts = unit.helper.install == "scripts"
            folder = f"{project_id}.data/scripts" if scripts else module
            owner = f'the helper "{unit.helper.name}" (tool.multiarch.helpers.{unit.helper.name})'
            found[f"{folder}/{unit.output.name}"] = owner
            if unit.header is not None:
                found[f"{folder}/{unit.header.name}"] = owner
    return found


def _theirs(first: Any, build_data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield key, source and path in the wheel of what hatchling would put there."""
    builder = WheelBuilder(
        first.root, plugin_manager=first.plugin_manager, metadata=first.metadata, app=first.app
    )
    config, files = builder.config, builder.recurse_explicit_files
    about, data = f"{first.artifact_project_id}.dist-info", f"{first.artifact_project_id}.data"
    hooks = "a build hook"
    for key, walk, table, folder in (
        (_forced(first), builder.recurse_forced_files, config.force_include, ""),
        (hooks, builder.recurse_forced_files, build_data.get("force_include", {}), ""),
        (f"{_TARGET}.shared-scripts", files, config.shared_scripts, f"{data}/scripts/"),
        (hooks, files, build_data.get("shared_scripts", {}), f"{data}/scripts/"),
        (f"{_TARGET}.shared-data", files, config.shared_data, f"{data}/data/"),
        (f"{_TARGET}.extra-metadata", files, config.extra_metadata, f"{about}/extra_metadata/"),
    ):
        for source, target in table.items():
            for each in _walked(walk({str(Path(first.root, source)): target})):
                yield _entry(key, first.root, each, folder)
    config.build_force_include[__file__] = ""  # hatchling needs a file, if the project has none
    for each in _walked(builder.recurse_selected_project_files()):
        yield _entry(_TARGET, first.root, each, "")


def _missing(first: Any) -> list[str]:
    """Return a line for each forced file that is not there; another hook might still make it."""
    if list(first.config.hook_config)[-1:] != ["multiarch"]:
        return []
    return [
        f"{_forced(first)}: there is no {_shown(Path(source), first.root)}"
        for source in first.config.force_include
        if not Path(first.root, source).exists()
    ]


def _forced(builder: Any) -> str:
    named = "force-include" in builder.target_config
    return f"{_TARGET if named else 'tool.hatch.build'}.force-include"


def _walked(files: Iterable[Any]) -> Iterator[Any]:
    """Yield *files* as far as they can be found: another hook may make what is missing now."""
    iterator = iter(files)
    while True:
        try:
            each = next(iterator, None)
        except (OSError, ValueError, TypeError):  # hatchling will tell
            return
        if each is None:
            return
        yield each


def _entry(key: str, root: str, each: Any, folder: str) -> tuple[str, str, str]:
    path = Path(each.distribution_path).as_posix()
    return key, _shown(Path(each.path), root), f"{folder}{path}"


def _shown(source: Path, root: str) -> str:
    return (source.relative_to(root) if source.is_relative_to(root) else source).as_posix()
