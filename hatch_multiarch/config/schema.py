"""The JSON schema of ``[tool.multiarch]``, generated from ``config.model``.

``python -m hatch_multiarch.config.schema`` rewrites ``schema.json``; with ``--check`` it only
tells whether that is current, and with ``--document`` it prints a schema of whole files, as editors
want one. The dialect is draft 7, which schema stores and validate-pyproject
take. It says of every key what that key alone can say; what goes together is the reader's.
"""

from __future__ import annotations

import json
import sys
from dataclasses import MISSING, Field, is_dataclass
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from hatch_multiarch.config.image import Output
from hatch_multiarch.config.keys import toml_fields
from hatch_multiarch.config.model import Config, Libc
from hatch_multiarch.config.rules import RULES
from hatch_multiarch.files import write

if TYPE_CHECKING:
    from collections.abc import Mapping

STORED = Path(__file__).with_name("schema.json")


def json_schema() -> dict[str, Any]:
    """Return the schema of the content of ``[tool.multiarch]``."""
    schema = _record(Config)
    schema["properties"]["helpers"]["minProperties"] = 1
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:hatch-multiarch:config",
        "title": "[tool.multiarch]",
        **schema,
        "required": ["helpers"],
    }


def tool_schema(tool_name: str) -> dict[str, Any]:
    """The table [tool.$tool] says which Go helpers hatch-multiarch builds, and for what.

    validate-pyproject asks for the schema by its entry point of that name, and shows this text
    (its documentation, "Writing Plugins"; it demands draft 7 and an ``$id``).
    """  # noqa: D401 - it is read by users
    if tool_name != "multiarch":
        raise ValueError(f"there is no schema of [tool.{tool_name}] here")
    schema: dict[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    return schema


def document_schema() -> dict[str, Any]:
    """Return the schema of a whole pyproject.toml, which says nothing of its other tables.

    Editors take one schema for a document (taplo: the directive ``#:schema``).
    """
    table = json_schema()
    tool = {"type": "object", "properties": {"multiarch": table}}
    return {
        "$schema": table.pop("$schema"),
        "$id": "urn:hatch-multiarch:pyproject",
        "title": "pyproject.toml with [tool.multiarch]",
        "type": "object",
        "properties": {"tool": tool},
    }


def _record(cls: Any, *, part: bool = False) -> dict[str, Any]:
    """Return the schema of a table that is a *cls*, or of one that changes a part of it."""
    types = get_type_hints(cls)
    properties, required = {}, []
    for key, each in toml_fields(cls).items():
        if part and each.metadata["fixed"]:
            continue
        schema = {"description": each.metadata["doc"], **_value(types[each.name], each.metadata)}
        default = _default(each)
        if default is MISSING:
            required.append(key)
        elif default is not None and not part:
            schema["default"] = default
        properties[key] = schema
    table = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**table, "required": required} if required and not part else table


def _value(kind: Any, spec: Mapping[str, Any]) -> dict[str, Any]:  # noqa: PLR0911 - one return for each kind of value
    """Return the schema of a *kind*, the annotation of a field whose metadata is *spec*."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple and is_dataclass(args[0]) and spec["keys"]:
        return _table(spec["keys"], _record(args[0]))
    if origin is tuple:
        return _array(args[0], spec)
    if origin is dict and spec["part"] is not None:
        return _table("", _record(spec["part"], part=True))
    if origin is dict:
        return _table(spec["keys"], _value(args[1], spec))
    if origin is not None:  # a union; None is a key left out
        kinds = [_value(each, spec) for each in args if each is not NoneType]
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if kind is bool:
        return {"type": "boolean"}
    if kind is int:
        return {"type": "integer", "minimum": 1, "maximum": spec["most"]}
    if is_dataclass(kind) and kind is not Libc:
        record = _record(kind)
        return {"anyOf": [record["properties"][spec["short"]], record]} if spec["short"] else record
    return _text(spec["check"])


def _table(keys: str, values: dict[str, Any]) -> dict[str, Any]:
    names = {"propertyNames": _text(keys)} if keys else {}
    return {"type": "object", **names, "additionalProperties": values}


def _array(kind: Any, spec: Mapping[str, Any]) -> dict[str, Any]:
    array: dict[str, Any] = {"type": "array", "items": _value(kind, spec)}
    if get_origin(kind) is tuple:  # one of the inner arrays may stand alone
        array["items"]["minItems"] = 1
        return {"anyOf": [array["items"], array]}
    if spec["distinct"]:
        array |= {"minItems": 1, "uniqueItems": True}
    return {"anyOf": [array["items"], array]} if spec["single"] else array


def _text(check: str) -> dict[str, Any]:
    if not check:
        return {"type": "string"}
    rule = RULES[check]
    pattern = {"pattern": f"^(?:{rule.pattern})$"} if rule.pattern else {}
    return {"type": "string", **pattern, "maxLength": rule.longest}


def _default(each: Field[Any]) -> Any:
    """Return the default as JSON; None where the absent key is not the same as any value."""
    value = each.default if each.default_factory is MISSING else each.default_factory()
    if isinstance(value, tuple):
        # Of records only what is written short has a default: the image's outputs.
        return [each.type if isinstance(each, Output) else each for each in value]
    if isinstance(value, Libc):
        return str(value)
    return None if value == "" or is_dataclass(value) else value


def render() -> str:
    """Return the text of ``schema.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Rewrite ``schema.json``, compare it, or print that of documents; return the exit code."""
    text = render()
    if arguments == ["--check"]:
        if STORED.is_file() and STORED.read_text(encoding="utf-8") == text:
            return 0
        print(f"{STORED.name} is stale; run python -m {__spec__.name}", file=sys.stderr)
        return 1
    if arguments == ["--document"]:
        print(json.dumps(document_schema(), indent=2))
        return 0
    if arguments:
        print(f"usage: python -m {__spec__.name} [--check | --document]", file=sys.stderr)
        return 2
    write(text, STORED)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
