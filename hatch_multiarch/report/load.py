"""Reads a report: JSON becomes records, and the type of each field is checked."""

from __future__ import annotations

import json
import math
import types
from dataclasses import fields, is_dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    NoReturn,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from hatch_multiarch.errors import ReportError
from hatch_multiarch.report.report_model import SCHEMA, Report
from hatch_multiarch.report.workspace_report import WorkspaceReport

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN = {str: "a string", bool: "true or false", int: "an integer", float: "a number"}


def load(path: Path) -> Report:
    """Read the report in the file *path*.

    Raises ReportError as ``_load`` does.
    """
    report: Report = _load(path, Report, "proof")
    return report


def load_workspace(path: Path) -> WorkspaceReport:
    """Read the report of a workspace. Raises ReportError as ``_load`` does."""
    report: WorkspaceReport = _load(path, WorkspaceReport, "packages")
    return report


def _load(path: Path, kind: type, mark: str) -> Any:
    """Read the *kind* of report, which has the field *mark*, in the file *path*.

    Fields that this release does not know are skipped, as docs/reference/report.md promises to
    later ones. Raises ReportError for a file that cannot be read, is no report, or is of a newer
    format.
    """
    try:
        told = json.loads(path.read_bytes(), parse_constant=_refuse)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{path}: not a report of hatch-multiarch: {error}") from None
    if not isinstance(told, dict) or not {"schema", mark} <= told.keys():
        several = isinstance(told, dict) and "packages" in told
        what = "the report of a workspace" if several else "not a report of hatch-multiarch"
        raise ReportError(
            f"{path}: {what}",
            advice="name the JSON file that `hatch build` wrote next to the image, or the project",
        )
    found = told["schema"]
    if isinstance(found, int) and found > SCHEMA:
        raise ReportError(
            f"{path}: a report of format {found}, and this hatch-multiarch reads {SCHEMA}",
            advice="use the hatch-multiarch that built it, or a newer one",
        )
    try:
        return _value(kind, told, "")
    except ValueError as error:
        raise ReportError(
            f"{path}: an incomplete report: {error}",
            advice="`hatch build` with this hatch-multiarch writes it again",
        ) from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _value(hint: Any, told: Any, key: str) -> Any:
    """Return *told* as what *hint* says. Raises ValueError, which names the *key*."""
    origin, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return _record(hint, told, key)  # type: ignore[arg-type]
    if origin in (Union, types.UnionType):  # a thing, or null
        [kind] = [each for each in inner if each is not types.NoneType]
        return None if told is None else _value(kind, told, key)
    if origin is Literal:
        if not any(type(told) is type(each) and told == each for each in inner):
            raise ValueError(f"{key}: expected {' or '.join(map(repr, inner))}, found {told!r}")
        return told
    if origin is tuple:
        return tuple(
            _value(inner[0], each, f"{key}[{place}]")
            for place, each in enumerate(_of(list, "a list", told, key))
        )
    if origin is dict:
        items = _of(dict, "an object", told, key).items()
        return {name: _value(inner[1], each, f"{key}.{name}") for name, each in items}
    if hint is float and type(told) is int and abs(told) < 2**53:
        told = float(told)
    found = _of(hint, _PLAIN[hint], told, key)
    if isinstance(found, float) and not math.isfinite(found):
        raise ValueError(f"{key}: expected a number, found one that is too large")
    return found


def _record(kind: type, told: Any, key: str) -> Any:
    found, hints = _of(dict, "an object", told, key or "the report"), get_type_hints(kind)
    values = {}
    for each in fields(kind):
        name = f"{key}.{each.name}" if key else each.name
        if each.name not in found:
            raise ValueError(f"{name} is missing")
        values[each.name] = _value(hints[each.name], found[each.name], name)
    return kind(**values)


def _of(kind: type, name: str, told: Any, key: str) -> Any:
    # A bool is an int to Python, and none to JSON.
    if type(told) is not kind:
        raise ValueError(f"{key}: expected {name}, found {type(told).__name__}")
    return told
