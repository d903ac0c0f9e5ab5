"""Reads ``[tool.multiarch]`` into a Config, as the classes of ``config.model`` say.

Nothing stops at the first mistake: every key is looked at, and all problems are raised together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, is_dataclass, replace
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from packaging.utils import canonicalize_name

from hatch_multiarch.config.conflicts import conflicts
from hatch_multiarch.config.keys import toml_fields
from hatch_multiarch.config.messages import (
    ROOT,
    at,
    expected,
    nearest,
    one_of,
    printable,
    show,
    unknown_key,
)
from hatch_multiarch.config.model import Config, Libc
from hatch_multiarch.config.rules import RULES
from hatch_multiarch.config.toml_document import parse_toml
from hatch_multiarch.errors import ConfigError, NoConfigError

if TYPE_CHECKING:
    from pathlib import Path


def read_table(table: Mapping[str, Any], *, project_name: str | None = None) -> Config:
    """Return the config in *table*, the content of ``[tool.multiarch]``.

    An image without a name gets the *project_name*, normalised. Raises ConfigError, which holds
    every problem of the table.
    """
    reader = _Reader()
    config: Config = reader.record(Config, ROOT, table)
    for conflict in conflicts(config):
        if not reader.failed & {conflict.key, *conflict.others}:
            reader.problem(conflict.key, conflict.message)
    if reader.problems:
        raise ConfigError(list(dict.fromkeys(reader.problems)))
    if config.image is not None and not config.image.name and project_name:
        name = canonicalize_name(project_name)
        config = replace(config, image=replace(config.image, name=name))
    return config


def read_pyproject(path: Path) -> tuple[Config, dict[str, Any]]:
    """Return the config in the pyproject.toml at *path*, and all of that file.

    Raises ConfigError when the file cannot be read, is not TOML or has mistakes in it, and
    NoConfigError, which is one, when it has no ``[tool.multiarch]``.
    """
    file = printable(str(path))
    try:
        document = parse_toml(path.read_bytes(), file)
    except OSError as error:
        raise ConfigError([f"{file}: cannot be read: {error.strerror}"]) from None
    tool = document.get("tool")
    if not isinstance(tool, dict) or "multiarch" not in tool:
        advice = "`hatch-multiarch init` adds it, with each Go program that it finds"
        raise NoConfigError([f"{file}: there is no [tool.multiarch]; {advice}"])
    project = document.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return read_table(
        tool["multiarch"], project_name=name if isinstance(name, str) else None
    ), document


class _Reader:
    """One reading: it returns a value for everything, and remembers what was wrong."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.failed: set[str] = set()
        """Keys whose value in the config is not what the user wrote, or meant to write."""

    def problem(self, path: str, message: str) -> Any:
        """Remember a problem, and return what stands for a value that could not be read."""
        self.problems.append(f"{path}: {message}")
        self.failed.add(path)
        return _FAILED

    def record(self, cls: Any, path: str, found: Any, **given: Any) -> Any:
        """Return a *cls* from a table; *given* are fields that no key of it sets."""
        present = self.present(cls, path, found)
        absent = {}
        for key, each in toml_fields(cls).items():
            if each.default is MISSING and each.default_factory is MISSING:
                absent[each.name] = _stand_in(get_type_hints(cls)[each.name])
                if isinstance(found, Mapping) and key not in found:
                    self.problem(path, f"the key {key!r} is missing")
        return cls(**{**absent, **given, **present})

    def present(self, cls: Any, path: str, found: Any, *, part: bool = False) -> dict[str, Any]:
        """Return, by field name, what a table sets of *cls*; in a *part*, no fixed keys."""
        if not isinstance(found, Mapping):
            self.problem(path, expected("a table", found))
            return {}
        known = toml_fields(cls)
        types = get_type_hints(cls)
        values = {}
        for name, value in found.items():
            key = at(path, name)
            if name not in known:
                self.problem(key, unknown_key(name, known))
                self.failed.add(at(path, nearest(name, known) or name))
            elif part and known[name].metadata["fixed"]:
                self.problem(key, "no override can change it; set it in the helper's own table")
            else:
                each = known[name]
                values[each.name] = self.value(types[each.name], key, value, each.metadata)
                if values[each.name] is _FAILED:
                    del values[each.name]
                    self.failed.add(key)
        return values

    def value(self, kind: Any, path: str, found: Any, spec: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one return for each kind of value
        """Return *found* as a *kind*, the annotation of a field whose metadata is *spec*."""
        origin, args = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            kinds = [each for each in args if each is not NoneType]
            if len(kinds) > 1:
                return self.either(kinds, path, found, spec)
            return self.value(kinds[0], path, found, spec)
        if origin is tuple:
            named = is_dataclass(args[0]) and spec["keys"]
            read = self.named if named else self.array
            return read(args[0], path, found, spec)
        if origin is dict:
            return self.mapping(args[1], path, found, spec)
        if origin is Literal:
            return self.choice(args, path, found)
        if kind is bool:
            ok = isinstance(found, bool)
            return found if ok else self.problem(path, expected("true or false", found))
        if kind is int:
            return self.number(path, found, spec["most"])
        if is_dataclass(kind) and kind is not Libc:
            if spec["short"] and isinstance(found, _shape(kind, spec["short"])):
                return self.short(kind, path, found, spec["short"])
            return self.record(kind, path, found)
        return self.text(path, found, spec["check"])

    def either(self, kinds: list[Any], path: str, found: Any, spec: Mapping[str, Any]) -> Any:
        """Return *found* as one of two *kinds*: of a string, or the last, of a table.

        They are `str | dict`, and `Literal | dataclass`, for which an array may stand too.
        """
        words = get_args(kinds[0])
        if isinstance(found, Mapping) or (words and isinstance(found, list)):
            return self.value(kinds[-1], path, found, spec)
        if isinstance(found, str) and (found in words or not words):
            return self.value(kinds[0], path, found, spec)
        wanted = f"{one_of(words)}, an array or a table" if words else "a string or a table"
        return self.problem(path, expected(wanted, found))

    def number(self, path: str, found: Any, most: int) -> Any:
        """Return an integer from 1 to *most*."""
        if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= most:
            return found
        return self.problem(path, expected(f"an integer from 1 to {most}", found))

    def short(self, cls: Any, path: str, found: Any, name: str) -> Any:
        """Return a *cls* from what stands for its field *name* alone."""
        each = toml_fields(cls)[name]
        value = self.value(get_type_hints(cls)[name], path, found, each.metadata)
        return value if value is _FAILED else cls(**{name: value})

    def text(self, path: str, found: Any, check: str) -> Any:
        """Return what the rule *check* makes of a string."""
        if not isinstance(found, str):
            return self.problem(path, expected("a string", found))
        try:
            return RULES[check](found) if check else found
        except ValueError as error:
            return self.problem(path, str(error))

    def choice(self, choices: tuple[str, ...], path: str, found: Any) -> Any:
        """Return the one of *choices* that was made."""
        if isinstance(found, str) and found in choices:
            return found
        close = nearest(found, choices) if isinstance(found, str) else None
        hint = f"; did you mean {close!r}?" if close else ""
        return self.problem(path, expected(one_of(choices), found) + hint)

    def array(self, kind: Any, path: str, found: Any, spec: Mapping[str, Any]) -> Any:
        """Return an array as a tuple; wrong records have stand-ins, so that indices hold."""
        keys = [path]
        nested = get_origin(kind) is tuple
        if (spec["single"] and isinstance(found, str)) or (nested and _is_flat(found)):
            found = [found]
        elif isinstance(found, list):
            keys = [f"{path}[{index}]" for index in range(len(found))]
        else:
            return self.problem(path, expected("an array", found))
        values = [self.value(kind, key, each, spec) for key, each in zip(keys, found, strict=True)]
        if spec["distinct"]:
            self.distinct(path, keys, values, found)
        together = RULES[spec["check"]].together if spec["check"] and not nested else None
        if together is not None and _FAILED not in values:
            try:
                values = together(values)
            except ValueError as error:
                return self.problem(path, str(error))
        return _FAILED if _FAILED in values else tuple(values)

    def distinct(self, path: str, keys: list[str], values: list[Any], found: list[Any]) -> None:
        """Look for what is in an array twice, and for nothing at all."""
        if not values:
            self.problem(path, "is empty; name at least one, or leave the key out")
        seen: list[Any] = []
        for key, value, written in zip(keys, values, found, strict=True):
            if any(each.startswith(key) for each in self.failed):
                continue  # of a record with a mistake there is only a stand-in
            if value in seen:
                shown = value if isinstance(value, str) else written
                what = f"{show(shown)} is" if isinstance(shown, str) else "is"
                self.problem(key, f"{what} listed twice")
            seen.append(value)

    def named(self, cls: Any, path: str, found: Any, spec: Mapping[str, Any]) -> Any:
        """Return a table of tables as a tuple of records, each with its name."""
        if not isinstance(found, Mapping):
            return self.problem(path, expected("a table", found))
        for name in found:
            self.text(at(path, name), name, spec["keys"])
        return tuple(
            self.record(cls, at(path, name), each, name=name) for name, each in found.items()
        )

    def mapping(self, kind: Any, path: str, found: Any, spec: Mapping[str, Any]) -> Any:
        """Return a table whose keys are the user's."""
        if not isinstance(found, Mapping):
            return self.problem(path, expected("a table", found))
        if spec["part"] is not None:
            part = spec["part"]
            return {
                name: self.present(part, at(path, name), each, part=True)
                for name, each in found.items()
            }
        values = {}
        for name, each in found.items():
            read = self.text(at(path, name), name, spec["keys"])
            if read is not _FAILED and read in values:
                self.problem(at(path, name), f"{show(read)} is listed twice")
            values[read] = self.value(kind, at(path, name), each, spec)
        return _FAILED if _FAILED in (*values, *values.values()) else values


def _is_flat(found: Any) -> bool:
    """Tell whether for an array of arrays one of them stands alone."""
    return isinstance(found, list) and bool(found) and all(isinstance(each, str) for each in found)


def _shape(cls: Any, name: str) -> type:
    """Return what a value of the field *name* is in TOML: an array or a string."""
    return list if get_origin(get_type_hints(cls)[name]) is tuple else str


def _stand_in(kind: Any) -> Any:
    """Return some value of a *kind*, for a key that is missing and may not be."""
    origin = get_origin(kind)
    return get_args(kind)[0] if origin is Literal else origin()


_FAILED = object()
