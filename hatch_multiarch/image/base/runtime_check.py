"""Checks that a base, or ``scratch``, has the loader and libraries that helpers need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.libc import HEADER, find_libc, machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hatch_multiarch.audit.binary_info import BinaryInfo
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.image.base.filesystem import Filesystem
    from hatch_multiarch.plan import ImagePlan, Unit


def check_base(
    tree: Filesystem,
    units: Iterable[Unit],
    binaries: Mapping[str, Binary],
    facts: Mapping[str, BinaryInfo],
    source: str,
) -> list[str]:
    """Return a line for each helper of *units* that cannot run on the base with the files *tree*.

    A dynamic helper needs its loader (PT_INTERP), its libraries (DT_NEEDED) and a glibc as new as
    its newest symbol version (DT_VERNEED).
    """
    names: set[str] | None = None
    problems = []
    for unit in units:
        fact = facts[unit.id]
        if fact.interpreter is None and not fact.needed:
            continue
        names = names or {path.rpartition("/")[2] for path, _ in tree.paths()}
        where = (
            f'tool.multiarch.image.base: helper "{unit.helper.name}" on {unit.platform.name} needs'
        )
        if fact.interpreter and tree.find(fact.interpreter) is None:
            problems.append(
                f"{where} the loader {fact.interpreter}, which {source} doesn't contain"
            )
            continue
        if missing := [each for each in fact.needed if each not in names]:
            problems.append(f"{where} {', '.join(missing)}, which {source} doesn't contain")
        if fact.glibc is not None:
            with binaries[unit.id].path.open("rb") as file:
                libc = find_libc(tree, machine(file.read(HEADER)), "glibc")
            if libc is None or libc.version < fact.glibc:
                has = f"{libc.version[0]}.{libc.version[1]}" if libc else "none"
                need = f"{fact.glibc[0]}.{fact.glibc[1]}"
                problems.append(f"{where} glibc {need}, and {source} has {has}")
    return problems


def check_scratch(plan: ImagePlan, facts: Mapping[str, BinaryInfo]) -> None:
    """Raise ImageError, one line per helper and platform, when one cannot run on ``scratch``.

    An executable with an interpreter (ELF, PT_INTERP) or needed libraries (DT_NEEDED) is started
    by files that scratch doesn't contain; the kernel would only say "no such file or directory".
    """
    problems: list[str] = []
    dynamic: dict[str, bool] = {}
    names: dict[str, None] = {}
    for platform, units in plan.platforms:
        for unit in units:
            names[unit.helper.name] = None
            fact = facts[unit.id]
            if fact.interpreter is None and not fact.needed:
                continue
            dynamic[unit.helper.name] = bool(unit.helper.cgo) and not unit.helper.library
            wants = fact.interpreter or ", ".join(fact.needed)
            problems.append(
                f'tool.multiarch.image.base: helper "{unit.helper.name}" on {platform.name} is '
                f'dynamically linked and needs {wants}, which "scratch" doesn\'t contain'
            )
    if not problems:
        return
    ways = [
        f'set tool.multiarch.helpers.{name}.libc = "static"' for name in dynamic if dynamic[name]
    ]
    if not all(dynamic.values()):
        ways.append('use a base with glibc, such as "debian:stable-slim"')
    if rest := [f'"{name}"' for name in names if name not in dynamic]:
        ways.append(f"leave it out with tool.multiarch.image.helpers = [{', '.join(rest)}]")
    raise ImageError("\n".join(problems), advice=", or ".join(ways))
