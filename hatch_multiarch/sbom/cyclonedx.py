"""The SBOM of a wheel: CycloneDX 1.6 (ECMA-424), for ``.dist-info/sboms`` (PEP 770).

Equal binaries give an equal document: all is sorted, the serial number is derived from the rest,
and a time stands in it only when SOURCE_DATE_EPOCH gives one.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from hatch_multiarch import __version__
from hatch_multiarch.config.toml_document import hatch_key
from hatch_multiarch.errors import PlanError
from hatch_multiarch.sbom import purl
from hatch_multiarch.sbom.components import references

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.plan import Project
    from hatch_multiarch.sbom.components import Module, Program

FILE = "hatch-multiarch.cdx.json"
"""Its name: that of the tool, so that tools do not overwrite each other's (PEP 770)."""


def cyclonedx(project: Project, found: Sequence[Program], *, created: str = "") -> str:
    """Return the document about the programs *found* in a wheel of *project*, as JSON.

    *created* is a time in RFC 3339; empty: the document tells none.
    """
    names = references(found)
    root = purl.pypi(project.name, project.version)
    metadata: dict[str, Any] = {
        "tools": {"components": [_tool()]},
        "component": {
            "type": "library",
            "bom-ref": root,
            "name": project.name,
            "version": project.version,
            "purl": root,
        },
    }
    if created:
        metadata = {"timestamp": created, **metadata}
    body = {
        "version": 1,
        "metadata": metadata,
        "components": [
            *(_program(each, project) for each in found),
            *(_module(each, name) for each, name in names.items()),
        ],
        "dependencies": [
            {"ref": root, "dependsOn": [_ref(each) for each in found]},
            *({"ref": _ref(each), "dependsOn": _linked(each, names)} for each in found),
            *({"ref": name} for name in names.values()),
        ],
        "compositions": _compositions(found, root),
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        **body,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _ref(program: Program) -> str:
    return f"helper:{program.name}"


def _tool() -> dict[str, str]:
    return {"type": "application", "name": "hatch-multiarch", "version": __version__}


def _program(program: Program, project: Project) -> dict[str, Any]:
    return {
        "type": "library" if program.kind == "library" else "application",
        "bom-ref": _ref(program),
        "name": program.name,
        "version": project.version,
        "hashes": [{"alg": "SHA-256", "content": program.sha256}],
        "evidence": {"occurrences": [{"location": program.path}]},
    }


def _module(module: Module, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "version": module.version,
        "hashes": [{"alg": "SHA-256", "content": module.sha256}] if module.sha256 else [],
        "cpe": module.cpe,
        "purl": module.purl,
    }
    if module.instead is not None:
        path, version = module.instead
        ancestor = {
            "type": "library",
            "name": path,
            "version": version,
            "purl": purl.golang(path, version),
        }
        told["pedigree"] = {"ancestors": [{key: text for key, text in ancestor.items() if text}]}
    return {
        "type": "library",
        "bom-ref": name,
        "name": module.path,
        **{key: value for key, value in told.items() if value},
    }


def _linked(program: Program, names: dict[Module, str]) -> list[str]:
    """Return all that is linked into *program*: the build info tells what, and not by whom."""
    main = [program.main] if program.main is not None else []
    return sorted({names[each] for each in (*main, *program.modules)})


def _compositions(found: Sequence[Program], root: str) -> list[dict[str, Any]]:
    """Return how far the dependencies are known. The Python ones stand in the wheel's METADATA."""
    by_word: dict[str, list[str]] = {"incomplete": [root]}
    for each in found:
        by_word.setdefault(each.known, []).append(_ref(each))
    return [{"aggregate": word, "dependencies": refs} for word, refs in sorted(by_word.items())]


def member(project_id: str) -> str:
    """Return its path in the archive; ``project_id`` is hatchling's ``NAME-VERSION``.

    It goes there as a forced file: hatchling's own key for it, ``sbom-files``, came after 1.27,
    and what one wheel adds to a list of the user's is in the next wheel too.
    """
    return f"{project_id}.dist-info/sboms/{FILE}"


def check_names(config: Any, build_data: Mapping[str, Any]) -> None:
    """Raise PlanError when an SBOM of the user's would have the same path.

    *config* is that of hatchling's wheel target, *build_data* what hooks have added to it.
    """
    for path in (*getattr(config, "sbom_files", ()), *build_data.get("sbom_files", ())):
        if PurePath(path).name == FILE:
            key = hatch_key(Path(config.root), "build.targets.wheel.sbom-files")
            raise PlanError(
                f"{key}: {path} has the name of the SBOM that the multiarch hook writes",
                advice="rename it, or set tool.multiarch.sbom = false",
            )
