"""Finds the Go modules of a project, and the main packages in them."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.config import Helper, Toolchain
from hatch_multiarch.config.rules import RULES
from hatch_multiarch.engine.cgo_packages import Listed, list_without_cgo
from hatch_multiarch.engine.environment import surroundings
from hatch_multiarch.engine.go_command import go_settings
from hatch_multiarch.engine.go_source import SYSTEMS, GoFile, is_library
from hatch_multiarch.errors import CompileError, ToolchainError
from hatch_multiarch.init.go_module import ImportWalk, Module
from hatch_multiarch.init.version_flags import version_flags
from hatch_multiarch.plan.mod_file import ModFile, find_workspace
from hatch_multiarch.toolchain import find_go, go_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_NEVER = {"vendor", "node_modules", "testdata", "__pycache__", "site-packages"}
"""Folders whose Go is not the project's, or not a program's (go help packages: testdata)."""

_ASIDE = re.compile(
    r"tests?|testing|e2e|integration|examples?|demos?|samples?|bench(es|marks?)?|docs?|tools|hack|"
    r"scripts|misc",
    re.IGNORECASE,
)
"""Folders for what a project's own developers run, or read."""

_OUTPUTS = {"build", "dist"}
"""Folders at the project's root that hold copies of it."""


@dataclass(frozen=True)
class Program:
    """One Go main package, as a helper of the config."""

    name: str
    source: str
    """Folder of its module, relative to the project and with ``/``."""
    package: str
    """The main package inside the module, ``.`` or ``./cmd/NAME``, or its path in another one."""
    cgo: str
    """Import path of a package in it that does not work without cgo, ``.`` for its own main
    package, empty for none."""
    dynamic: str
    """Import path of a package that loads C libraries without cgo, or empty."""
    unseen: tuple[str, ...]
    """Import paths of packages that were not there to look at."""
    systems: tuple[str, ...]
    """Those of SYSTEMS on which it has a main package."""
    go: str
    """The ``go`` line of its module."""
    ldflags: tuple[str, ...] = ()
    """Linker flags that give it the version."""
    aside: str = ""
    """Why it is likely not for users, or empty."""
    library: bool = False
    """It is no program: C calls what it exports."""

    @property
    def kind(self) -> str:
        """What it is compiled by, and for which package, for people."""
        if self.library:
            return "Go library"
        because = f" (for {self.cgo})" if self.cgo != "." else ""
        return f"Go with cgo{because}" if self.cgo else "Go"

    @property
    def folder(self) -> str:
        """Where it stands, for people."""
        if not self.package.startswith("."):
            return self.package
        parts = [self.source if self.source != "." else "", self.package[2:]]
        return "/".join(filter(None, parts)) or "the folder of pyproject.toml"


def find_programs(
    root: Path, environ: Mapping[str, str], fetching: Callable[[str], object] | None = None
) -> list[Program]:
    """Return the Go programs below *root*, by module and name.

    A module's programs are the main package in its own folder and those in ``cmd/NAME``; where
    neither is there, main packages in any folder. What is in another Python project below *root* is
    left to that. With *fetching*, Go lists what they
    import where there is a Go, fetches the modules that its cache lacks, and *fetching* gets each
    line that it says. Raises ToolchainError for a go.mod whose ``go`` line is no version.
    """
    root = root.resolve()
    modules = [Module(folder) for folder in _module_folders(root)]
    local = {each.path: each for each in modules}
    found: list[Program] = []
    for module in modules:
        walk = ImportWalk(module, local, environ)
        go = go_line(module.folder / "go.mod")
        for folder in _mains(module, walk):
            package = walk.package(folder)
            systems = _systems(package)
            inside = folder.relative_to(module.folder).as_posix()
            wanted = folder.name if inside != "." else module.name
            inside = "." if inside == "." else f"./{inside}"
            listed = None
            if fetching is not None:
                listed = _by_go(root, module, inside, systems[0], go, environ, fetching)
            listed = listed or walk.without_cgo(folder, systems[0])
            cgo = listed.needs_cgo(systems[0])
            found.append(
                Program(
                    name=_name(wanted, module, {each.name for each in found}),
                    source=module.folder.relative_to(root).as_posix(),
                    package=inside,
                    cgo="." if cgo == f"{module.path}{inside[1:]}" else cgo,
                    dynamic=listed.links_at_run_time("linux"),
                    unseen=listed.unseen,
                    systems=systems,
                    go=go,
                    ldflags=version_flags(root, package),
                    aside=aside(folder.relative_to(root)),
                    library=is_library(package),
                )
            )
    return found


def aside(folder: Path) -> str:
    """Return why the program in *folder*, relative to the project, is likely not for users."""
    for part in folder.parts:
        if _ASIDE.fullmatch(part):
            return f"{part}/ usually has no programs for users"
    if re.search(r"(^|[-_])(code|doc|docs|man)?gen(erate|erator)?s?($|[-_])", folder.name):
        return f"{folder.name} looks like a generator"
    return ""


def _by_go(
    root: Path,
    module: Module,
    package: str,
    system: str,
    go: str,
    environ: Mapping[str, str],
    fetching: Callable[[str], object],
) -> Listed | None:
    """Return what Go lists; None where there is no Go, or where it cannot read the module."""
    with suppress(ToolchainError, CompileError):
        found = find_go(Toolchain().go, go)
        helper = Helper("init", source=module.folder.relative_to(root).as_posix())
        work = find_workspace(root, helper, environ.get("GOWORK", ""), [], [])
        env = surroundings(environ, go_settings(found, environ))
        env |= {"GOOS": system, "GOARCH": "amd64", "GOWORK": str(work or "off")}
        return list_without_cgo(found, env, module.folder, package, fetching=fetching)
    return None


def _mains(module: Module, walk: ImportWalk) -> list[Path]:
    """Return the folders of the main packages that count as programs of *module*."""
    found = [each for each in module.candidates() if _systems(walk.package(each))]
    return found or [
        here
        for here, files in _walk(module.folder)
        if any(name.endswith(".go") for name in files) and _systems(walk.package(here))
    ]


def _systems(package: list[GoFile]) -> tuple[str, ...]:
    """Return the systems on which *package* is a program."""
    mains = [each for each in package if each.package == "main"]
    return tuple(system for system in SYSTEMS if any(system in each.systems for each in mains))


def _name(wanted: str, module: Module, taken: set[str]) -> str:
    """Return a name that is a helper's and not taken: *wanted* where it can be."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).strip("._-").removesuffix(".exe")[:40]
    for name in (plain, f"{module.name}-{plain}", f"{module.folder.name}-{plain}"):
        try:
            RULES["helper_name"](name)
        except ValueError:
            continue
        if name not in taken:
            return name
    return next(name for number in range(1, 9999) if (name := f"helper-{number}") not in taken)


def _module_folders(root: Path) -> list[Path]:
    """Return the folders with a go.mod below *root*, and those that its go.work uses."""
    found = [here for here, files in _walk(root, modules=True) if "go.mod" in files]
    work = root / "go.work"
    found += [
        folder
        for folder in (ModFile.read(work).used if work.is_file() else ())
        if folder.is_relative_to(root) and (folder / "go.mod").is_file()
    ]
    return sorted(dict.fromkeys(found))


def _walk(root: Path, *, modules: bool = False) -> Iterator[tuple[Path, list[str]]]:
    """Yield the folders below *root* that are the project's, *root* first, and their files.

    With *modules*, also those of other Go modules in it.
    """
    for place, folders, files in os.walk(root):
        here = Path(place)
        yield here, files
        skip = _NEVER | (_OUTPUTS if here == root else set())
        folders[:] = sorted(
            name
            for name in folders
            if name not in skip
            and not name.startswith((".", "_"))
            and not _foreign(here / name)
            and (modules or not (here / name / "go.mod").exists())
        )


def _foreign(folder: Path) -> bool:
    """Tell whether *folder* is a virtual environment or another Python project."""
    if (folder / "pyvenv.cfg").exists():
        return True
    try:
        text = (folder / "pyproject.toml").read_text("utf-8", "replace")
    except OSError:
        return False
    return re.search(r"^\s*\[\s*project\s*\]", text, re.MULTILINE) is not None
