"""The SBOM of one platform of the image, in SPDX 2.3, as BuildKit writes it.

Equal images give an equal document: all is sorted, its name is derived from its content, its time
is given.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hatch_multiarch import __version__
from hatch_multiarch.sbom.components import references

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_multiarch.sbom.components import Module, Program
    from hatch_multiarch.sbom.distributions import Base, Distribution

DOCUMENT = "SPDXRef-DOCUMENT"


def spdx(
    name: str,
    version: str,
    found: Sequence[Program],
    *,
    sha256: str,
    purls: Sequence[str],
    created: str,
    installed: Sequence[Distribution] = (),
    base: Base | None = None,
) -> dict[str, Any]:
    """Return the document about the image *name*, *version* that holds the programs *found*.

    *sha256* (hex) is that of the platform's manifest, *purls* name the platform's image by its
    tags; *created* is a time in RFC 3339. *installed* are the Python distributions that it holds
    over its *base*, whose own content is not listed.
    """
    names = {module: _id("Module", ref) for module, ref in references(found).items()}
    root = _id("Image", name)
    packages = [
        {
            "SPDXID": root,
            "name": name,
            "versionInfo": version,
            **_UNKNOWN,
            "primaryPackagePurpose": "CONTAINER",
            "checksums": [_sum(sha256)],
            "externalRefs": [_external("PACKAGE-MANAGER", "purl", each) for each in purls],
        },
        *(_program(each, version) for each in found),
        *(_module(each, ref) for each, ref in names.items()),
        *(_distribution(each) for each in installed),
        *([_base(base)] if base is not None else []),
    ]
    relationships = [_related(DOCUMENT, "DESCRIBES", root)]
    for each in found:
        mine = _id("Helper", each.name)
        relationships.append(_related(root, "CONTAINS", mine))
        if each.main is not None:
            relationships.append(_related(mine, "GENERATED_FROM", names[each.main]))
        relationships += [_related(mine, "DEPENDS_ON", names[part]) for part in each.modules]
    relationships += [_related(root, "CONTAINS", _id("Python", each.name)) for each in installed]
    if base is not None:
        relationships.append(_related(root, "DESCENDANT_OF", _id("Base", base.name)))
    body = {"packages": packages, "relationships": relationships}
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([created, body], sort_keys=True))
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": name,
        # SPDX 2.3, 6.5: for who has no site of his own to name documents by.
        "documentNamespace": f"https://spdx.org/spdxdocs/{quote(name, safe='')}-{number}",
        "creationInfo": {"created": created, "creators": [f"Tool: hatch-multiarch-{__version__}"]},
        **body,
    }


_UNKNOWN = {"downloadLocation": "NOASSERTION", "filesAnalyzed": False}


def _id(kind: str, name: str) -> str:
    """Return an identifier, for which SPDX 2.3 (7.2) has letters, digits, dots and hyphens only."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name.removeprefix("pkg:golang/"))
    return f"SPDXRef-{kind}-{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _program(program: Program, version: str) -> dict[str, Any]:
    told = {
        "SPDXID": _id("Helper", program.name),
        "name": program.name,
        "versionInfo": version,
        "packageFileName": program.path,
        **_UNKNOWN,
        "primaryPackagePurpose": "LIBRARY" if program.kind == "library" else "APPLICATION",
        "checksums": [_sum(program.sha256)],
    }
    if program.known != "complete":
        told["comment"] = "Go's build info does not list the C code in it (cgo)."
    if program.known == "unknown":
        told["comment"] = "It has no Go build info, so its contents are not known."
    return told


def _module(module: Module, ref: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "SPDXID": ref,
        "name": module.path,
        **({"versionInfo": module.version} if module.version else {}),
        **_UNKNOWN,
        "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [_external("PACKAGE-MANAGER", "purl", module.purl)],
    }
    if module.cpe:
        told["externalRefs"].append(_external("SECURITY", "cpe23Type", module.cpe))
    if module.sha256:
        told["checksums"] = [_sum(module.sha256)]
    if module.instead is not None:
        told["comment"] = f"It replaces {' '.join(filter(None, module.instead))}."
    return told


def _distribution(each: Distribution) -> dict[str, Any]:
    told: dict[str, Any] = {
        "SPDXID": _id("Python", each.name),
        "name": each.name,
        "versionInfo": each.version,
        "packageFileName": each.wheel,
        **_UNKNOWN,
        "primaryPackagePurpose": "LIBRARY",
        "checksums": [_sum(each.sha256)],
        "externalRefs": [_external("PACKAGE-MANAGER", "purl", each.purl)],
    }
    if each.license:
        told["licenseDeclared"] = each.license
    return told


def _base(base: Base) -> dict[str, Any]:
    return {
        "SPDXID": _id("Base", base.name),
        "name": base.name,
        "versionInfo": base.digest,
        **_UNKNOWN,
        "primaryPackagePurpose": "CONTAINER",
        "checksums": [_sum(base.digest.partition(":")[2])],
        "externalRefs": [_external("PACKAGE-MANAGER", "purl", base.purl)],
        "comment": "What is in it is not listed here.",
    }


def _external(category: str, kind: str, locator: str) -> dict[str, str]:
    return {"referenceCategory": category, "referenceType": kind, "referenceLocator": locator}


def _sum(sha256: str) -> dict[str, str]:
    return {"algorithm": "SHA256", "checksumValue": sha256}


def _related(one: str, how: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}
