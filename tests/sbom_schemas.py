"""The published schemas of SBOMs, by the packages of those who publish them."""

from __future__ import annotations

import json
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def checked_cyclonedx(text: str) -> dict[str, Any]:
    """Return the CycloneDX document *text* if it is one, of 1.6, every reference in it at home."""
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert error is None, error
    document: dict[str, Any] = json.loads(text)
    components = [document["metadata"]["component"], *document["components"]]
    references = [each["bom-ref"] for each in components]
    assert len(references) == len(set(references))
    assert [each["ref"] for each in document["dependencies"]] == references
    assert {ref for each in document["dependencies"] for ref in each.get("dependsOn", ())} <= set(
        references
    )
    for each in components:
        if "purl" in each:
            PackageURL.from_string(each["purl"])
    return document


def checked_spdx(document: dict[str, Any]) -> dict[str, Any]:
    """Return the SPDX document if it is one, of 2.3."""
    parsed = JsonLikeDictParser().parse(json.loads(json.dumps(document)))
    problems = validate_full_spdx_document(parsed, "SPDX-2.3")
    assert problems == [], [each.validation_message for each in problems]
    return document


def linked(document: dict[str, Any], helper: str) -> set[str]:
    """Return the purls of what a CycloneDX document says is linked into *helper*."""
    purls = {each["bom-ref"]: each.get("purl") for each in document["components"]}
    [found] = [each for each in document["dependencies"] if each["ref"] == f"helper:{helper}"]
    return {purls[each] for each in found["dependsOn"]}
