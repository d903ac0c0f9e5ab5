"""A wheel per platform, each through hatchling's own WheelBuilder.

The hook's own build makes the first wheel; the others are made by fresh WheelBuilders that get
the same build data, so what other build hooks and the user's target options add is in all of them.
"""

from __future__ import annotations

import copy
import shutil
import stat
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch import audit, locator
from hatch_multiarch.config import Libc
from hatch_multiarch.errors import AuditError, PlanError
from hatch_multiarch.plan import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from hatch_multiarch.audit import Facts
    from hatch_multiarch.engine import Binary
    from hatch_multiarch.plan import Plan, Project, WheelPlan

UNIX = 3
"""The system whose attributes a zip entry carries (APPNOTE 4.4.2)."""


@dataclass(frozen=True)
class BuiltWheel:
    """A finished wheel."""

    path: Path
    platform: str
    tag: str
    members: dict[str, str]
    """Helper name -> its path in the archive."""


def contents(
    plan: Plan,
    wheel: WheelPlan,
    binaries: Mapping[str, Binary],
    staging: Path,
    *,
    bill: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Return what *wheel* adds to hatchling's build data; writes the locator into *staging*.

    *bill* is the SBOM: its path in the wheel and its text.
    """
    module = locator.module_name(plan.project.name)
    helpers: dict[str, tuple[str, str]] = {}
    force_include: dict[str, str] = {}
    shared_scripts: dict[str, str] = {}
    for unit in wheel.units:
        file = unit.output.name
        helpers[unit.helper.name] = (unit.helper.install, file)
        if unit.helper.install == "scripts":
            shared_scripts[str(binaries[unit.id].path)] = file
        else:
            force_include[str(binaries[unit.id].path)] = f"{module}/{file}"
    folder = staging / slug(wheel.platform)
    folder.mkdir(parents=True)
    source = folder / "__init__.py"
    source.write_text(locator.source(plan.project.name, helpers), encoding="utf-8", newline="\n")
    (folder / "py.typed").touch()
    force_include[str(source)] = f"{module}/__init__.py"
    force_include[str(folder / "py.typed")] = f"{module}/py.typed"
    if bill is not None:
        path, text = bill
        (folder / "sbom.json").write_text(text, encoding="utf-8", newline="\n")
        force_include[str(folder / "sbom.json")] = path
    return {"force_include": force_include, "shared_scripts": shared_scripts}


def check_sources(config: Any, project: Project) -> None:
    """Raise PlanError when hatchling's ``sources`` would move the locator out of its place."""
    path = f"{locator.module_name(project.name)}/__init__.py"
    moved = config.get_distribution_path(path)
    if moved != path:
        raise PlanError(
            f"tool.hatch.build.targets.wheel.sources: puts the helpers into {moved} too, where "
            "nobody can import them",
            advice='give the folder that moves by its name ("src/x" = "acme/x"), not by ""',
        )


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


def check_natives(wheel: BuiltWheel, plan: WheelPlan, facts: Sequence[Facts], folder: Path) -> None:
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
            where = f"{wheel.path.name}: {name}, which is no helper,"
            try:
                found = audit.read(aside)
            except AuditError as error:
                why = error.message.removeprefix(f"{aside.name} ")
                raise AuditError(f"{where} {why}", advice=_APART) from None
            audit.check(found, file=where, platform=plan.platform, libc=Libc("glibc"))
            if audit.wheel_tag(plan.platform, [*facts, found]) != wheel.tag:
                raise AuditError(f"{where} does not run wherever the tag says", advice=_APART)


_APART = "name it as a helper by `prebuilt`, or ship it in a distribution of its own"


def check_rest(wheels: Sequence[BuiltWheel]) -> None:
    """Raise PlanError when *wheels* differ in more than their helpers.

    Other build hooks finish (and may tidy up) before the wheels after the first are made.
    """
    rests = []
    for wheel in wheels:
        with zipfile.ZipFile(wheel.path) as archive:
            rests.append(set(archive.namelist()).difference(wheel.members.values()))
    for wheel, rest in zip(wheels, rests, strict=True):
        if odd := sorted(rest ^ rests[0]):
            raise PlanError(
                f"the wheels of {wheels[0].platform} and {wheel.platform} should differ in their "
                f"helpers only, but just one of them holds {odd[0]}",
                advice="another build hook removes it when the first wheel is made; let this hook "
                "finish before it: make [tool.hatch.build.hooks.multiarch] the first of the hooks",
            )


def mark_executable(path: Path, helpers: Iterable[str]) -> None:
    """Make sure that the archive *path* says of the members *helpers* that they are executable.

    hatchling takes the bit from the file system, and Windows has none to take. Installers set it
    from the upper half of a zip entry's external attributes, where Unix keeps its mode.
    """
    wanted, mode = set(helpers), (stat.S_IFREG | 0o755) << 16
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if all(each.external_attr == mode for each in entries if each.filename in wanted):
            return
        aside = path.with_name(f".{path.name}.aside")
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as copy:
            for each in entries:
                data = archive.read(each)
                if each.filename in wanted:
                    each.external_attr = mode
                each.create_system = UNIX
                copy.writestr(each, data)
    aside.replace(path)


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


def check_tag(build_data: Mapping[str, Any], ours: str) -> None:
    """Raise PlanError when another build hook wants a tag of its own for the wheel.

    It names one, or asks hatchling for that of the running Python (``infer_tag``), as hooks that
    compile extension modules do.
    """
    other = "that of this Python" if build_data.get("infer_tag") else build_data.get("tag", ours)
    if other != ours and not str(other).endswith("-none-any"):
        raise PlanError(
            f"another build hook tags this wheel {str(other)!r}, but its tag must come from the "
            "helpers in it",
            advice="ship the compiled extension in a distribution of its own",
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
    from hatchling.builders.wheel import WheelBuilder  # noqa: PLC0415 - keeps importing us cheap

    builder = WheelBuilder(
        first.root, plugin_manager=first.plugin_manager, metadata=first.metadata, app=first.app
    )
    data = {**builder.get_default_build_data(), **build_data}
    builder.set_build_data_defaults(data)
    with builder.config.set_build_data(data):
        return builder.build_standard(str(folder), **data)
