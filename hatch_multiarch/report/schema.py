"""The JSON schema of the report (draft 2020-12), derived from its dataclasses.

That of a workspace's report is ``#/$defs/WorkspaceReport`` in it.

``python -m hatch_multiarch.report.schema`` writes it anew; a test fails when the stored one is
stale.
"""

from __future__ import annotations

import json
import types
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hatch_multiarch.report.report_model import Report
from hatch_multiarch.report.workspace_report import WorkspaceReport

FILE = Path(__file__).with_name("report.schema.json")
_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number", types.NoneType: "null"}


def schema() -> dict[str, Any]:
    """Return the schema as JSON data."""
    definitions: dict[str, Any] = {}
    root = _object(Report, definitions)
    _schema(WorkspaceReport, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hatch-multiarch build report",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(schema(), indent=2) + "\n"


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    return {
        "type": "object",
        "description": kind.__doc__,
        # A reader of schema 1 meets the fields that later releases add to it.
        "additionalProperties": True,
        "required": names,
        "properties": {
            field.name: {
                "description": field.metadata["doc"],
                **_schema(hints[field.name], definitions),
            }
            for field in fields(kind)
        },
    }


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if is_dataclass(hint):
        return {"$ref": _reference(hint, definitions)}
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _schema(inner[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(inner[1], definitions)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(each, definitions) for each in inner]}
    raise TypeError(f"the report has a field of a type without JSON schema: {hint}")


def _reference(kind: Any, definitions: dict[str, Any]) -> str:
    if kind is Report:  # that of a package, in the report of a workspace
        return "#"
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = _object(kind, definitions)
    return f"#/$defs/{kind.__name__}"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
