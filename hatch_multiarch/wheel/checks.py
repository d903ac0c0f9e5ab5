"""Checks of finished wheels, and of the config before any is made."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname
from typing import TYPE_CHECKING, Any

from hatch_multiarch import audit
from hatch_multiarch.config import Libc
from hatch_multiarch.config.hatch_file import hatch_key, hatch_table
from hatch_multiarch.errors import AuditError, PlanError
from hatch_multiarch.wheel import locator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.audit import BinaryInfo
    from hatch_multiarch.plan import Project, WheelPlan


@dataclass(frozen=True)
class BuiltWheel:
    """A finished wheel."""

    path: Path
    platform: str
    tag: str
    members: dict[str, str]
    """Helper name -> its path in the archive."""


def check_sources(config: Any, project: Project) -> None:
    """Raise PlanError when hatchling's ``sources`` would move the locator out of its place."""
    path = f"{locator.module_name(project.name)}/__init__.py"
    moved = Path(config.get_distribution_path(path)).as_posix()
    if moved != path:
        raise PlanError(
            f"{hatch_key(project.root, 'build.targets.wheel.sources')}: puts the helpers into "
            f"{moved} too, where they can't be imported",
            advice='give the folder that moves by its name ("src/x" = "acme/x"), not by ""',
        )


def check_natives(
    wheel: BuiltWheel, plan: WheelPlan, facts: Sequence[BinaryInfo], folder: Path
) -> None:
    """Raise AuditError when native code in *wheel* that is no helper contradicts its tag.

    *facts* are those of the helpers; *folder* takes a file for as long as it is read. What is for
    another system (a launcher for Windows in a wheel for Linux) is data and passes.
    """
    aside = folder / "native"
    with zipfile.ZipFile(wheel.path) as archive:
        for name in sorted(set(archive.namelist()).difference(wheel.members.values())):
            with archive.open(name) as file:
                if not audit.runs_on(file.read(4), plan.platform.os):
                    continue
            with archive.open(name) as file, aside.open("wb") as copy:
                shutil.copyfileobj(file, copy)
            where = f"{wheel.path.name}: {name}, which is not a helper,"
            try:
                found = audit.read(aside, plan.platform.architecture)
            except AuditError as error:
                why = error.message.removeprefix(f"{aside.name} ")
                raise AuditError(f"{where} {why}", advice=_APART) from None
            audit.check(found, file=where, platform=plan.platform, libc=Libc("glibc"))
            if audit.wheel_tag(plan.platform, [*facts, found]) != wheel.tag:
                raise AuditError(
                    f"{where} doesn't run everywhere that the tag allows", advice=_APART
                )


_APART = "configure it as a helper with `prebuilt`, or ship it in a separate distribution"


def check_rest(wheels: Sequence[BuiltWheel], root: Path) -> None:
    """Raise PlanError when *wheels* of the project in *root* differ in more than their helpers.

    Other build hooks finish (and may tidy up) before the wheels after the first are made.
    """
    rests = []
    for wheel in wheels:
        with zipfile.ZipFile(wheel.path) as archive:
            rest = set(archive.namelist()).difference(wheel.members.values())
            # The module that finds helpers has their C headers too.
            rests.append({each for each in rest if not locator.is_module(dirname(each))})
    for wheel, rest in zip(wheels, rests, strict=True):
        if odd := sorted(rest ^ rests[0]):
            raise PlanError(
                f"the wheels of {wheels[0].platform} and {wheel.platform} should differ in their "
                f"helpers only, but only one of them contains {odd[0]}",
                advice="another build hook removes it when the first wheel is made; let this hook "
                f"finish before it: make {hatch_table(root, 'build.hooks.multiarch')} the first of "
                "the hooks",
            )
