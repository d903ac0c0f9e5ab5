"""The SLSA provenance v1 of one platform of the image.

It tells no time, no path, no host and no user, and nothing of the environment, so that two clean
builds give the same. It is what the builder says of itself: nobody has signed it.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from hatch_multiarch import __version__
from hatch_multiarch.sbom import purl
from hatch_multiarch.sbom.components import STDLIB

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.plan import Project, Unit
    from hatch_multiarch.platforms import Platform
    from hatch_multiarch.sbom.components import Program
    from hatch_multiarch.sbom.distributions import Base, Distribution

BUILD_TYPE = "pkg:pypi/hatch-multiarch#image/v1"
"""docs/reference/sbom.md says what its parameters are."""


def provenance(
    project: Project,
    platform: Platform,
    units: Sequence[Unit],
    *,
    binaries: Mapping[str, Binary],
    found: Sequence[Program],
    full: bool,
    installed: Sequence[Distribution] = (),
    base: Base | None = None,
) -> dict[str, Any]:
    """Return the predicate about the image of *platform* with *units* in it.

    *found* are the same helpers as programs. *full* (``max``) adds how each was to be compiled;
    flags of the linker and commands stay out, which may hold what is nobody's business. *installed*
    are the Python distributions in it, and *base* is what it stands on.
    """
    parameters: dict[str, Any] = {
        "project": {"name": project.name, "version": project.version},
        "platform": platform.name,
        "helpers": [program.name for program in found],
    }
    if base is not None:
        parameters["base"] = base.name
    if full:
        units = sorted(units, key=lambda each: each.helper.name)
        parameters["helpers"] = {unit.helper.name: _parameters(unit) for unit in units}
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": parameters,
            "resolvedDependencies": [
                *_tools([binaries[unit.id] for unit in units], found),
                *_prebuilt([binaries[unit.id] for unit in units]),
                *_modules(found),
                *_wheels(installed),
                *([_base(base)] if base is not None else []),
            ],
        },
        "runDetails": {
            "builder": {
                "id": purl.pypi("hatch-multiarch", __version__),
                "version": {"hatch-multiarch": __version__},
            }
        },
    }


def _parameters(unit: Unit) -> dict[str, Any]:
    helper = unit.helper
    if unit.compiler == "prebuilt":
        return {"prebuilt": True}
    return {
        "source": helper.source,
        "package": helper.package,
        "kind": helper.kind,
        "tags": list(helper.tags),
        **({"env": dict(helper.env)} if helper.env else {}),
        "cgo": helper.cgo,
        **({"libc": str(unit.libc)} if helper.cgo else {}),
    }


def _tools(binaries: Sequence[Binary], found: Sequence[Program]) -> list[dict[str, str]]:
    """Return the Go that each binary names, and the C compilers with the versions they told."""
    modules = {each for program in found for each in program.modules}
    versions = {each.version for each in modules if each.path == STDLIB}
    tools = {("go", version) for version in versions}
    tools |= {_compiler(each) for each in binaries if each.compiler not in _NO_COMPILER}
    return [{"name": name, "uri": purl.generic(name, version)} for name, version in sorted(tools)]


_NO_COMPILER = ("none", "prebuilt", "dockerfile")


def _compiler(binary: Binary) -> tuple[str, str]:
    """Return name and version of a C compiler; a command of the user's by its bare name."""
    if binary.unit.compiler in ("zig", "gcc"):
        name, _, version = binary.compiler.partition(" ")
        return name, version
    return re.split(r"[/\\]", shlex.split(binary.unit.compiler)[0])[-1], ""


def _prebuilt(binaries: Sequence[Binary]) -> list[dict[str, Any]]:
    return [
        {"name": each.unit.helper.name, "digest": {"sha256": each.sha256}}
        for each in sorted(binaries, key=lambda each: each.unit.helper.name)
        if each.compiler == "prebuilt"
    ]


def _modules(found: Sequence[Program]) -> list[dict[str, Any]]:
    """Return the modules that have a sum: by it they are found again (in-toto, digest_set.md)."""
    modules = {each for program in found for each in program.modules if each.sha256}
    return [
        {"name": each.path, "uri": each.purl, "digest": {"dirHash": each.sha256}}
        for each in sorted(modules, key=lambda each: each.order)
    ]


def _wheels(installed: Sequence[Distribution]) -> list[dict[str, Any]]:
    """Return the wheels that were fetched; the project's own came out of this build."""
    return [
        {"name": each.wheel, "uri": each.purl, "digest": {"sha256": each.sha256}}
        for each in installed
        if not each.own
    ]


def _base(base: Base) -> dict[str, Any]:
    algorithm, _, digest = base.digest.partition(":")
    return {"name": base.name, "uri": base.purl, "digest": {algorithm: digest}}
