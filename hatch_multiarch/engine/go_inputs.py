"""The files of the project that a unit is compiled from.

Those of Go itself and of its module cache are not among them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.engine.c_inputs import FLAGS, c_inputs
from hatch_multiarch.engine.environment import target
from hatch_multiarch.engine.flags import Compiler, build_tags
from hatch_multiarch.engine.list_packages import list_packages
from hatch_multiarch.plan.mod_file import ModFile, sums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hatch_multiarch.plan import Unit
    from hatch_multiarch.toolchain import Go

FIELDS = (
    *("GoFiles", "CgoFiles", "CFiles", "CXXFiles", "MFiles", "HFiles", "FFiles", "SFiles"),
    *("SwigFiles", "SwigCXXFiles", "SysoFiles", "EmbedFiles"),
    *FLAGS,
)
"""The fields of ``go list`` with files that are compiled, and with flags (``go help list``)."""


def go_inputs(go: Go, unit: Unit, env: Mapping[str, str]) -> set[Path]:
    """Return the files outside Go's own folders that *unit* is compiled from.

    *env* is what ``surroundings`` returns. Raises CompileError where Go cannot tell.
    """
    return inputs_of(unit_packages(go, unit, env, fields=FIELDS), unit)


def unit_packages(
    go: Go,
    unit: Unit,
    env: Mapping[str, str],
    *,
    fields: Sequence[str] = (),
    fetching: Callable[[str], object] | None = None,
) -> list[dict[str, Any]]:
    """Return what ``list_packages`` says of the packages of *unit*, of each *fields* too."""
    # No C compiler runs: Go only wants to know whether there is one.
    compiler = Compiler("any", cc="cc", cxx="c++") if unit.helper.cgo else Compiler("none")
    return list_packages(
        go,
        unit.source,
        unit.helper.package,
        {**env, **target(unit, compiler)},
        tags=build_tags(unit, compiler),
        fields=fields,
        fetching=fetching,
    )


def inputs_of(packages: Iterable[Mapping[str, Any]], unit: Unit) -> set[Path]:
    """Return the same, from what ``go list`` said of the *packages* of *unit*, with FIELDS."""
    local = [each for each in packages if "Dir" in each and _is_local(each)]
    found = {path for each in local for path in _files(each)}
    found.update(path for path in (*_modules(unit), *go_maps(unit)) if path.is_file())
    return found


def go_maps(unit: Unit) -> list[Path]:
    """Return the files, if they are there, that say in which folders the modules of *unit* are."""
    found = [unit.source / "go.mod", _vendored(unit)]
    return [*found, unit.workspace] if unit.workspace else found


def _vendored(unit: Unit) -> Path:
    return (unit.workspace or unit.source / "go.mod").with_name("vendor") / "modules.txt"


def _is_local(package: Mapping[str, Any]) -> bool:
    """Tell whether a package is in a folder of its author's, or in a vendor folder."""
    module = package.get("Module") or {}
    replace = module.get("Replace")
    by_path = replace is not None and "Version" not in replace
    return module.get("Main", False) or by_path or "Dir" not in module


def _files(package: Mapping[str, Any]) -> Iterator[Path]:
    folder = Path(package["Dir"])
    sources = [name for field in FIELDS if field not in FLAGS for name in package.get(field) or ()]
    for name in sources:
        yield folder / name
    if package.get("CgoFiles"):
        yield from c_inputs(folder, sources, package)
    profile = folder / "default.pgo"
    if package.get("Name") == "main" and profile.is_file():
        yield profile
    module = package.get("Module") or {}
    if "GoMod" in module:
        yield Path(module["GoMod"])


def _modules(unit: Unit) -> Iterator[Path]:
    """Yield the files, if they are there, by which Go finds modules."""
    files = [unit.source / "go.mod"]
    if unit.workspace:
        yield unit.workspace
        yield sums(unit.workspace)
        files += [folder / "go.mod" for folder in ModFile.read(unit.workspace).used]
    for path in dict.fromkeys(files):
        yield path
        yield path.with_name("go.sum")
        if _vendored(unit).is_file() or not path.is_file():
            continue
        said = ModFile.read(path)
        for module, folder in said.replaces:
            if module in said.requires:
                yield said.folder(folder) / "go.mod"
