"""The metadata of a key, on the field of its dataclass."""

from __future__ import annotations

from dataclasses import Field, field, fields
from typing import Any


def key(
    doc: str,
    *,
    default: Any = ...,
    factory: Any = None,
    check: str = "",
    keys: str = "",
    distinct: bool = False,
    single: bool = False,
    part: type | None = None,
    fixed: bool = False,
    short: str = "",
    most: int = 0,
) -> Any:
    """Describe one TOML key: its documentation, its default and the rule its text must pass.

    ``keys`` names the rule of a table's keys; a tuple of dataclasses that has it is read from a
    table by name. ``distinct``: a list that holds something, and nothing twice. ``single``: a
    string alone stands for a list of one. ``part``: the dataclass whose keys, all of them
    optional, the tables of a dict take, without those that are ``fixed``. ``short``: a string, or
    an array where this field is one, alone stands for a table of a dataclass with just this field.
    ``most``: an integer is from 1 to this.
    """
    metadata = {
        "doc": doc,
        "check": check,
        "keys": keys,
        "distinct": distinct,
        "single": single,
        "part": part,
        "fixed": fixed,
        "short": short,
        "most": most,
    }
    if factory is not None:
        return field(default_factory=factory, metadata=metadata)
    if default is ...:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def toml_name(field_name: str) -> str:
    """Return the TOML key of the field *field_name*."""
    return field_name.replace("_", "-")


def toml_fields(cls: type[Any]) -> dict[str, Field[Any]]:
    """Return the fields of one of these classes by TOML key; a record's name is not a key."""
    return {toml_name(each.name): each for each in fields(cls) if each.metadata}
