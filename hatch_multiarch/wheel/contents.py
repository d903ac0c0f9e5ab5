"""The files that each platform's wheel has beside hatchling's, and checks of finished wheels.

The hook's own build makes the first wheel; the others are made by fresh WheelBuilders that get
the same build data, so what other build hooks and the user's target options add is in all of them.
"""

from __future__ import annotations

import copy
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname
from typing import TYPE_CHECKING, Any

from hatchling.builders.wheel import WheelBuilder

from hatch_multiarch import audit
from hatch_multiarch.config import Libc
from hatch_multiarch.config.toml_document import hatch_key, hatch_table
from hatch_multiarch.errors import AuditError, PlanError
from hatch_multiarch.plan import slug
from hatch_multiarch.wheel import locator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.audit import BinaryInfo
    from hatch_multiarch.engine import Binary
    from hatch_multiarch.plan import Plan, Project, WheelPlan


def contents(
    plan: Plan,
    wheel: WheelPlan,
    binaries: Mapping[str, Binary],
    staging: Path,
    *,
    located: bool,
    bill: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Return what *wheel* adds to hatchling's build data; writes modules of ours into *staging*.

    *located*: the locator is in it. *bill* is the SBOM: its path in the wheel and its text.
    """
    module = locator.module_name(plan.project.name)
    helpers: dict[str, tuple[str, str]] = {}
    force_include: dict[str, str] = {}
    shared_scripts: dict[str, str] = {}
    for unit in wheel.units:
        file = unit.output.name
        helpers[unit.helper.name] = (unit.helper.place, file)
        if unit.helper.install == "scripts":
            shared_scripts[str(binaries[unit.id].path)] = file
        else:
            force_include[str(binaries[unit.id].path)] = f"{module}/{file}"
        if unit.header is not None:
            force_include[str(unit.header)] = f"{module}/{unit.header.name}"
    folder = staging / slug(wheel.platform)
    folder.mkdir(parents=True)
    texts = dict([bill] if bill is not None else ())
    if located:
        texts[f"{module}/__init__.py"] = locator.source(plan.project.name, helpers)
        texts[f"{module}/py.typed"] = ""
    for each in plan.config.helpers:  # also where it is missing: that is what the module says then
        if each.module:
            texts[f"{each.module_name}.py"] = locator.launcher(plan.project.name, each)
    for number, (path, text) in enumerate(texts.items()):
        staged = folder / f"{number}-{path.rpartition('/')[2]}"
        staged.write_text(text, encoding="utf-8", newline="\n")
        force_include[str(staged)] = path
    return {"force_include": force_include, "shared_scripts": shared_scripts}


def members(project: Project, wheel: WheelPlan, project_id: str) -> dict[str, str]:
    """Return where each helper of *wheel* stands in the archive: name -> member path.

    ``project_id`` is hatchling's ``NAME-VERSION``, which the scripts folder is named after
    (binary distribution format, "The .data directory").
    """
    places = {
        "package": locator.module_name(project.name),
        "scripts": f"{project_id}.data/scripts",
    }
    return {
        unit.helper.name: f"{places[unit.helper.install]}/{unit.output.name}"
        for unit in wheel.units
    }


def merge(build_data: dict[str, Any], added: Mapping[str, Any], tag: str) -> None:
    """Add a wheel's *added* contents and its *tag* to hatchling's *build_data*, in place.

    An empty tag (editable wheels) leaves hatchling's own. Raises PlanError when another
    build hook has already given the wheel a tag of its own.
    """
    if tag:
        check_tag(build_data, "py3-none-any")
        build_data["tag"] = tag
        build_data["infer_tag"] = False
        build_data["pure_python"] = False
    for table, entries in added.items():
        build_data.setdefault(table, {}).update(entries)
    if build_data.get("force_include_editable"):
        # Then hatchling takes it instead of force_include, in editable wheels.
        build_data["force_include_editable"].update(added["force_include"])


def check_tag(build_data: Mapping[str, Any], ours: str, who: str = "another build hook") -> None:
    """Raise PlanError when another build hook wants a tag of its own for the wheel.

    It names one, or asks hatchling for that of the running Python (``infer_tag``), as hooks that
    compile extension modules do. *who* it is, as far as that is known.
    """
    other = "that of this Python" if build_data.get("infer_tag") else build_data.get("tag", ours)
    if other != ours and not str(other).endswith("-none-any"):
        raise PlanError(
            f"{who} tags this wheel {str(other)!r}, but its tag must come from the helpers in it",
            advice="remove a hook that compiled the helpers; ship an extension module in a "
            "separate distribution",
        )


def without(build_data: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of *build_data* with one wheel's own contents and tag taken out again."""
    plain = copy.deepcopy(dict(build_data))
    for table, entries in added.items():
        for source in entries:
            plain[table].pop(source, None)
    plain.pop("tag", None)
    return plain


def build_wheel(first: Any, build_data: dict[str, Any], folder: Path) -> str:
    """Write one more wheel into *folder* from complete *build_data*; returns its path.

    Hooks are not entered again. The metadata is that of the *first* wheel's builder: a version
    that is computed (from git, from the clock) must not change between wheels.
    """
    builder = WheelBuilder(
        first.root, plugin_manager=first.plugin_manager, metadata=first.metadata, app=first.app
    )
    data = {**builder.get_default_build_data(), **build_data}
    builder.set_build_data_defaults(data)
    with builder.config.set_build_data(data):
        return builder.build_standard(str(folder), **data)


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
