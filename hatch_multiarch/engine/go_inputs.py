"""The files of the project that a unit is compiled from.

Those of Go itself and of its module cache are not among them. Of a cgo package, ``go list`` does
not name all: headers in other folders than its own, and libraries that are linked by their path.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.engine.environment import target
from hatch_multiarch.engine.flags import Compiler, build_tags
from hatch_multiarch.engine.go_command import list_packages
from hatch_multiarch.plan.mod_file import ModFile, sums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hatch_multiarch.plan import Unit
    from hatch_multiarch.toolchain import Go

FLAGS = ("CgoCFLAGS", "CgoCPPFLAGS", "CgoCXXFLAGS", "CgoLDFLAGS")
"""The fields of ``go list`` with a package's flags; Go has filled in ``${SRCDIR}``."""

_INCLUDE = re.compile(r'^[ \t/]*#[ \t]*include[ \t]*([<"])([^>"\n]+)', re.MULTILINE)
_ENDS = (".a", ".so", ".dylib", ".lib", ".dll.a")
"""How the file of a library ends."""

FIELDS = (
    *("GoFiles", "CgoFiles", "CFiles", "CXXFiles", "MFiles", "HFiles", "FFiles", "SFiles"),
    *("SwigFiles", "SwigCXXFiles", "SysoFiles", "EmbedFiles"),
    *FLAGS,
)
"""The fields of ``go list`` with files that are compiled, and with flags (``go help list``)."""


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
    """Return the files outside Go's own folders that *unit* is compiled from.

    *packages* is what ``unit_packages`` says of it, with FIELDS.
    """
    found = {path for each in local_packages(packages) for path in _files(each)}
    found.update(path for path in (*_modules(unit), *go_maps(unit)) if path.is_file())
    return found


def local_packages(packages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return those of *packages* that are in folders of the project."""
    return [each for each in packages if "Dir" in each and _is_local(each)]


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


def c_inputs(folder: Path, names: Iterable[str], package: Mapping[str, Any]) -> Iterator[Path]:
    """Yield what the files *names* in *folder* include, directly or not, and what is linked.

    *package* has FLAGS. Only folders that the source or a flag names by path are looked into: the
    compiler's own are none of the project's.
    """
    words = [word for field in FLAGS for word in package.get(field) or ()]
    includes = [Path(folder, each) for each in _values(words, ("-I", "-iquote", "-isystem"))]
    seen: set[Path] = set()
    left = [folder / name for name in names]
    while left:
        path = left.pop()
        for quote, name in _INCLUDE.findall(_text(path)):
            own = (path.parent, folder) if quote == '"' else ()
            found = next(
                (p for p in (Path(d, name) for d in (*own, *includes)) if p.is_file()), None
            )
            if found is not None and (found := Path(os.path.normpath(found))) not in seen:
                seen.add(found)
                left.append(found)
    yield from seen
    yield from _libraries(folder, words)


def _libraries(folder: Path, words: list[str]) -> Iterator[Path]:
    for word in words:
        if word.endswith(_ENDS) and (folder / word).is_file():
            yield folder / word
    for place in _values(words, ("-L",)):
        for name in _values(words, ("-l",)):
            for end in _ENDS:
                path = folder / place / f"lib{name}{end}"
                if path.is_file():
                    yield path


def _values(words: list[str], flags: tuple[str, ...]) -> Iterator[str]:
    """Yield the values of *flags*: the rest of the word, or the next one."""
    for word, after in zip(words, [*words[1:], ""], strict=False):
        for flag in flags:
            if word == flag:
                yield after
            elif word.startswith(flag):
                yield word.removeprefix(flag)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
